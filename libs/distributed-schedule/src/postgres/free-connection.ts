import type { Pool } from 'pg';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

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
