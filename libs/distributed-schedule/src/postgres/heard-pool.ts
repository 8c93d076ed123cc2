import type { Pool, PoolClient } from 'pg';

/** Of the package `pg`, whichever copy of it an ORM has. */
export type HeardPool = Pick<Pool, 'on'>;

const heard = new WeakSet<object>();

/**
 * A lent connection that ends emits an error; unheard, it ends the process. Some ORMs listen too late for a server that dies as it
 * greets.
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
