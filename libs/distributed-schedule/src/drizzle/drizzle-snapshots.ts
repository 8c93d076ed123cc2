import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Pool, PoolClient } from 'pg';
import type { SnapshotSource } from '../once/snapshot-store.js';
import { refused } from '../postgres/lent-client.js';
import { borrowClient } from '../postgres/pool-clients.js';
import { snapshotsOf, type TransactionSnapshotOptions } from '../postgres/transaction-snapshots.js';
import type { Transactions } from '../postgres/transactions.js';

/** What a database of Drizzle gives to the function of its `transaction`. */
export type DrizzleTransaction<Schema extends Record<string, unknown>> = Parameters<
  Parameters<NodePgDatabase<Schema>['transaction']>[0]
>[0];

export interface DrizzleSnapshotOptions<Schema extends Record<string, unknown>>
  extends TransactionSnapshotOptions {
  /** Of the package `pg`. It stays the caller's to end. */
  readonly pool: Pool;
  /** `(client) => drizzle({ client, schema })`. Drizzle keeps a client too long: one for an attempt can be taken back. */
  readonly drizzle: (client: PoolClient) => NodePgDatabase<Schema>;
}

/**
 * Snapshots in PostgreSQL by Drizzle over the package `pg`: the effect gets its transaction.
 *
 * ```ts
 * IdempotentExecutionModule.forRoot({
 *   store: drizzleSnapshots({ pool, drizzle: (client) => drizzle({ client, schema }), migrate: true }),
 * })
 * ```
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function drizzleSnapshots<Schema extends Record<string, unknown>>(
  options: DrizzleSnapshotOptions<Schema>,
): SnapshotSource<DrizzleTransaction<Schema>> {
  return snapshotsOf('drizzleSnapshots', options, { required: { pool: 'connect', drizzle: undefined } }, () =>
    drizzleTransactions(options.pool, options.drizzle),
  );
}

function drizzleTransactions<Schema extends Record<string, unknown>>(
  pool: Pool,
  over: (client: PoolClient) => NodePgDatabase<Schema>,
): Transactions<DrizzleTransaction<Schema>> {
  const clients = new WeakMap<object, PoolClient>();
  return {
    transaction: async (isolationLevel, work) => {
      const borrowed = await borrow(pool);
      const { client } = borrowed;
      const loan = lastingLoan(client);
      // Until it is known to be in no transaction.
      let mustEnd = true;
      let thrown: unknown;
      try {
        await over(loan.client).transaction(
          async (tx) => {
            clients.set(tx, client);
            await work(tx).catch((error: unknown) => {
              thrown = error;
              throw error;
            });
          },
          { isolationLevel },
        );
        mustEnd = false;
      } catch (error) {
        // Drizzle passes it on once it has rolled back. What goes wrong at BEGIN, COMMIT or ROLLBACK is another error.
        mustEnd = error !== thrown;
        throw error;
      } finally {
        loan.end();
        borrowed.release(mustEnd);
      }
    },
    connection: (tx) => ({ client: clients.get(tx) as PoolClient }),
  };
}

/** Its errors are heard until it is back: an error that nobody hears ends the process. */
function borrow(
  pool: Pool,
): Promise<{ readonly client: PoolClient; readonly release: (mustEnd: boolean) => void }> {
  return borrowClient(pool, (client) => {
    let hasEnded = false;
    const onError = (): void => {
      hasEnded = true;
    };
    client.on('error', onError);
    return {
      client,
      release: (mustEnd) => {
        // The listener stays on a connection that ends: its last error comes later.
        const isLast = mustEnd || hasEnded;
        if (!isLast) client.off('error', onError);
        client.release(isLast);
      },
    };
  });
}

/** After the attempt it refuses every call: Drizzle keeps the client when the pool may have lent it to somebody else. */
function lastingLoan<Client extends object>(client: Client): { readonly client: Client; end(): void } {
  let isClosed = false;
  const refuse = (): Promise<never> =>
    Promise.reject(
      refused('the attempt has ended, and its transaction with it: await all that you do with tx'),
    );
  return {
    client: new Proxy(client, {
      get: (target, name) => {
        if (isClosed && name === 'query') return refuse;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
    end: () => {
      isClosed = true;
    },
  };
}
