import pg from 'pg';
import { prismaSnapshots } from '../../libs/distributed-schedule/src/prisma/prisma-snapshots.js';
import { type CounterTransaction, counterClient } from '../support/prisma/counter-client.js';
import { describeOrm } from './orm-stage.js';

for (const isGuarded of [true, false]) {
  describeOrm<CounterTransaction>({
    name: isGuarded ? 'Prisma and its pool' : 'Prisma alone',
    isGuarded,
    open: async (url, connections) => {
      const pool = new pg.Pool({ connectionString: url, max: connections });
      pool.on('error', () => undefined);
      const prisma = counterClient(pool);
      return {
        snapshots: (settings) => prismaSnapshots({ prisma, ...(isGuarded ? { pool } : {}), ...settings }),
        add: (tx) => tx.counter.update({ where: { id: 1 }, data: { n: { increment: 1 } } }),
        raw: (tx, sql) => tx.$executeRawUnsafe(sql),
        nested: (tx, work) => tx.$transaction(work),
        close: async () => {
          await prisma.$disconnect();
          await pool.end();
        },
      };
    },
  });
}
