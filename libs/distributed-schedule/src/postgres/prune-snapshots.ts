import { DistributedScheduleError } from '../protocol/errors.js';
import type { Queryable } from './fenced-update.js';
import { type SnapshotTable, tableNames } from './migration.js';

export interface PruneOptions extends SnapshotTable {
  /** Successes and failures whose last change is longer ago are removed, ms. Longer than any attempt may come late. */
  readonly olderThanMs: number;
  /** Rows in one call, so that no call locks for long. Default 10000. */
  readonly most?: number;
}

const LONGEST_MS = 100 * 366 * 86_400_000;

/**
 * Removes old snapshots and resolves to their number; call it again while that is `most`. A job whose snapshot is gone is run
 * again if somebody attempts it. Pending ones stay: they are few, and tell of work that has not ended.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION
 */
export async function pruneSnapshots(client: Queryable, options: PruneOptions): Promise<number> {
  const { olderThanMs, most = 10_000 } = options;
  requireWhole('olderThanMs', olderThanMs, LONGEST_MS);
  requireWhole('most', most, 1_000_000);
  const { table } = tableNames(options);
  const { rowCount } = await client.query(
    `DELETE FROM ${table} WHERE job_id IN (
       SELECT job_id FROM ${table}
       WHERE status <> 'pending' AND updated_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
       ORDER BY updated_at LIMIT $2::int FOR UPDATE SKIP LOCKED)`,
    [olderThanMs, most],
  );
  return rowCount ?? 0;
}

function requireWhole(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} of pruneSnapshots takes a whole number from 1 to ${most}`,
    { value: typeof value === 'number' ? value : typeof value },
  );
}
