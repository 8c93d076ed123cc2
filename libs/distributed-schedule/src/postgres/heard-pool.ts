import type { Pool, PoolClient } from 'pg';

/** Of the package `pg`, whichever copy of it an ORM has. */
export type HeardPool = Pick<Pool, 'on'>;

const heard = new WeakSet<object>();

/**
 * A connection that ends while a pool has lent it emits an error; unheard it would end the process. Some ORMs listen only once their
 * transaction has begun, or a moment after they were given it, when a server that dies as it greets has said so already.
 */
export function hearConnections(pool: HeardPool): void {
  if (heard.has(pool)) return;
  heard.add(pool);
  pool.on('acquire', (client: PoolClient) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on('error', () => undefined);
  });
}
