import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { prismaSnapshots } from '#src/prisma/prisma-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { lacksPostgres } from '../support/lacks-postgres.js';
import { startPostgres } from '../support/postgres-server.js';
import { type CounterTransaction, counterClient } from '../support/prisma/counter-client.js';
import { describeOrm } from './orm-stage.js';

for (const isGuarded of [true, false]) {
  describeOrm<CounterTransaction>({
    name: isGuarded ? 'Prisma and its pool' : 'Prisma alone',
    isGuarded,
    needsOwnSession: isGuarded,
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

describe.skipIf(lacksPostgres('a pool that is not of the client'))('prismaSnapshots', () => {
  it('refuses a pool that its client has no connection of', async () => {
    const server = await startPostgres();
    const prisma = counterClient(server.pool());
    try {
      const parts = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'test' };
      const store = prismaSnapshots({ prisma, pool: server.pool() }).open(parts);
      await expect(store.begin({ jobId: 'a'.repeat(32), attemptId: 'a' })).rejects.toMatchObject({
        code: 'DSCHED_STORE_REFUSED',
        message: expect.stringContaining('option pool of prismaSnapshots'),
      });
    } finally {
      await prisma.$disconnect();
      await server.stop();
    }
  });
});
