import type { Knex } from 'knex';
import type { SnapshotSource } from '../once/snapshot-store.js';
import { snapshotsOf, type TransactionSnapshotOptions } from '../postgres/transaction-snapshots.js';
import type { DriverClient, Transactions } from '../postgres/transactions.js';

export interface KnexSnapshotOptions extends TransactionSnapshotOptions {
  /** Over PostgreSQL by the package `pg`. It stays the caller's to destroy. */
  readonly knex: Knex;
}

/**
 * Snapshots in the database of a Knex: the effect gets its transaction.
 *
 * ```ts
 * IdempotentExecutionModule.forRoot({ store: knexSnapshots({ knex, migrate: true }) })
 * ```
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function knexSnapshots(options: KnexSnapshotOptions): SnapshotSource<Knex.Transaction> {
  return snapshotsOf('knexSnapshots', options, { required: { knex: 'transaction' } }, () =>
    knexTransactions(options.knex),
  );
}

function knexTransactions(knex: Knex): Transactions<Knex.Transaction> {
  return {
    transaction: (isolationLevel, work) => knex.transaction(work, { isolationLevel }),
    // Inside a transaction there is one connection, and it is not to be given back.
    connection: async (tx) => ({ client: (await tx.client.acquireConnection()) as DriverClient }),
  };
}
