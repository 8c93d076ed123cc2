import type { EntityManager, IsolationLevel } from '@mikro-orm/core';
import type { SnapshotSource } from '../once/snapshot-store.js';
import { snapshotsOf, type TransactionSnapshotOptions } from '../postgres/transaction-snapshots.js';
import type { DriverClient, Transactions } from '../postgres/transactions.js';

export interface MikroOrmSnapshotOptions<Em extends EntityManager> extends TransactionSnapshotOptions {
  /** Of `@mikro-orm/postgresql`, such as `orm.em`: each attempt gets a fork of it. The ORM stays the caller's to close. */
  readonly em: Em;
}

/**
 * Snapshots in the database of MikroORM: the effect gets an entity manager in a transaction, which is flushed before the success is written.
 *
 * ```ts
 * IdempotentExecutionModule.forRootAsync({
 *   inject: [MikroORM],
 *   useFactory: (orm: MikroORM) => ({ store: mikroOrmSnapshots({ em: orm.em, migrate: true }) }),
 * })
 * ```
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function mikroOrmSnapshots<Em extends EntityManager>(
  options: MikroOrmSnapshotOptions<Em>,
): SnapshotSource<Em> {
  return snapshotsOf('mikroOrmSnapshots', options, { required: { em: 'fork' } }, () =>
    mikroOrmTransactions(options.em),
  );
}

function mikroOrmTransactions<Em extends EntityManager>(manager: Em): Transactions<Em> {
  return {
    transaction: async (isolation, work) => {
      const em = manager.fork({ disableContextResolution: true }) as Em;
      await em.begin({ isolationLevel: isolation as IsolationLevel });
      const transaction: unknown = em.getTransactionContext();
      try {
        await work(em);
        await em.commit();
      } catch (error) {
        await em.rollback().catch(() => undefined);
        throw error;
      } finally {
        // Without a context, code that kept the fork would write outside any transaction. The old one refuses.
        em.setTransactionContext(transaction);
      }
    },
    connection: async (em) => {
      const { client } = em.getTransactionContext() as KnexTransaction;
      return { client: await client.acquireConnection() };
    },
    finish: (em) => em.flush(),
  };
}

/** What MikroORM 6 has beneath. Inside a transaction there is one connection, and it is not to be given back. */
interface KnexTransaction {
  readonly client: { acquireConnection(): Promise<DriverClient> };
}
