import knexOver, { type Knex } from 'knex';
import { knexSnapshots } from '#src/knex/knex-snapshots.js';
import { describeOrm } from './orm-stage.js';

/** It says of each connection that ends that it has. */
const SILENT = { warn: () => undefined, error: () => undefined };

describeOrm<Knex.Transaction>({
  name: 'Knex',
  isGuarded: true,
  open: async (url, connections) => {
    const knex = knexOver({ client: 'pg', connection: url, pool: { min: 0, max: connections }, log: SILENT });
    return {
      snapshots: (settings) => knexSnapshots({ knex, ...settings }),
      add: async (tx) => tx('counter').where({ id: 1 }).increment('n', 1),
      raw: async (tx, sql) => tx.raw(sql),
      nested: (tx, work) => tx.transaction(work),
      ends: { commit: async (tx) => tx.commit(), rollback: async (tx) => tx.rollback() },
      close: () => knex.destroy(),
    };
  },
});
