import type { DataSource, EntityManager } from 'typeorm';
import type { SnapshotSource } from '../once/snapshot-store.js';
import { refused } from '../postgres/lent-client.js';
import { type HeardPool, hearConnections } from '../postgres/pool-clients.js';
import { snapshotsOf, type TransactionSnapshotOptions } from '../postgres/transaction-snapshots.js';
import type { DriverClient, Transactions } from '../postgres/transactions.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

export interface TypeormSnapshotOptions extends TransactionSnapshotOptions {
  /** Of the type `postgres`, initialized by the first call of `runOnce`. It stays the caller's to destroy. */
  readonly dataSource: DataSource;
}

/**
 * Snapshots in the database of a DataSource: the effect gets the entity manager of its transaction.
 *
 * ```ts
 * IdempotentExecutionModule.forRootAsync({
 *   inject: [DataSource],
 *   useFactory: (dataSource: DataSource) => ({ store: typeormSnapshots({ dataSource, migrate: true }) }),
 * })
 * ```
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function typeormSnapshots(options: TypeormSnapshotOptions): SnapshotSource<EntityManager> {
  return snapshotsOf('typeormSnapshots', options, { required: { dataSource: 'createQueryRunner' } }, () =>
    typeormTransactions(options.dataSource),
  );
}

function typeormTransactions(dataSource: DataSource): Transactions<EntityManager> {
  return {
    transaction: async (isolation, work) => {
      requireInitialized(dataSource);
      const { master } = dataSource.driver as { readonly master?: HeardPool };
      if (master !== undefined) hearConnections(master);
      const level = isolation.toUpperCase() as Uppercase<typeof isolation>;
      await dataSource.manager.transaction(level, (manager) => withoutRelease(manager, work));
    },
    connection: async ({ queryRunner }) => ({ client: (await queryRunner?.connect()) as DriverClient }),
  };
}

/** Asking it again would only hide for the length of the patience what has been forgotten. */
function requireInitialized({ isInitialized }: DataSource): void {
  if (isInitialized) return;
  throw new DistributedScheduleError(
    'DSCHED_STORE_REFUSED',
    'the DataSource of typeormSnapshots is not initialized, or was destroyed: await dataSource.initialize() before the first runOnce',
    { value: 'not initialized' },
  );
}

/** An effect that gives the connection back would leave its transaction to the next borrower, whose COMMIT would keep it. */
async function withoutRelease(
  manager: EntityManager,
  work: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  const { queryRunner } = manager;
  if (queryRunner === undefined) return work(manager);
  queryRunner.release = () =>
    Promise.reject(refused('release() is for runOnce to call: the effect has to leave its connection alone'));
  try {
    await work(manager);
  } finally {
    // That of its class.
    Reflect.deleteProperty(queryRunner, 'release');
  }
}
