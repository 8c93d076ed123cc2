import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { type DrizzleTransaction, drizzleSnapshots } from '#src/drizzle/drizzle-snapshots.js';
import { describeOrm } from './orm-stage.js';

const counter = pgTable('counter', { id: integer().primaryKey(), n: integer() });
const schema = { counter };

describeOrm<DrizzleTransaction<typeof schema>>({
  name: 'Drizzle',
  isGuarded: true,
  open: async (url, connections) => {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    pool.on('error', () => undefined);
    return {
      snapshots: (settings) =>
        drizzleSnapshots({ pool, drizzle: (client) => drizzle({ client, schema }), ...settings }),
      add: async (tx) =>
        tx
          .update(counter)
          .set({ n: sql`${counter.n} + 1` })
          .where(eq(counter.id, 1)),
      raw: async (tx, text) => tx.execute(sql.raw(text)),
      nested: (tx, work) => tx.transaction(work),
      close: () => pool.end(),
    };
  },
});
