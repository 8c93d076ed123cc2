import type { Pool, PoolClient } from 'pg';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

/** By callback: a server that dies as it greets emits an error before a promise resolves; unheard, it ends the process. */
export function borrowClient<Borrowed>(
  pool: Pool,
  hear: (client: PoolClient) => Borrowed,
): Promise<Borrowed> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) reject(error);
      else resolve(hear(client));
    });
  });
}

/** Of the package `pg`, whichever copy of it an ORM has. */
export type HeardPool = Pick<Pool, 'on'>;

const heard = new WeakSet<object>();

/** An unheard error of a lent connection ends the process. Some ORMs listen too late for a server that dies as it greets. */
export function hearConnections(pool: HeardPool): void {
  if (heard.has(pool)) return;
  heard.add(pool);
  pool.on('acquire', (client: PoolClient) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on('error', () => undefined);
  });
}

/**
 * Nested effects that waited for each other's connections would wait for ever. A pool without counts is not asked.
 * @throws DistributedScheduleError DSCHED_POOL_FULL
 */
export function requireFreeConnection(pool: Partial<Pool>): void {
  const { totalCount = 0, idleCount = 0, waitingCount = 0, options } = pool;
  const most = options?.max ?? Number.POSITIVE_INFINITY;
  // Those that wait are first.
  if (totalCount < most || idleCount > waitingCount) return;
  throw new DistributedScheduleError(
    'DSCHED_POOL_FULL',
    `runOnce was called inside an effect, which holds a connection, and all ${most} of the pool are in use. Write with the outer tx, ` +
      'call runOnce after the outer effect, or give the pool more connections (max)',
    { value: most },
  );
}
