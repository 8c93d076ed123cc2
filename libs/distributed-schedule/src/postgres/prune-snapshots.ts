import { requireFenceOptions } from '../once/fence.js';
import { SNAPSHOT_STATUSES, type SnapshotStatus } from '../once/snapshot-store.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { type SnapshotTable, tableNames } from './migration.js';
import type { Queryable } from './queryable.js';

export interface PruneOptions extends SnapshotTable {
  /** Snapshots whose last change is longer ago are removed, ms. Longer than any attempt may come late. */
  readonly olderThanMs: number;
  /** Rows in one call, so that no call locks for long. Default 10000. */
  readonly most?: number;
  /**
   * Which of them. Default `['success']`. With a job that has failed, or whose attempt died, goes the largest fencing token that was at it,
   * and a stale holder that comes later may run it.
   */
  readonly statuses?: readonly SnapshotStatus[];
}

const OPTION_NAMES: Record<keyof PruneOptions, true> = {
  schema: true,
  table: true,
  olderThanMs: true,
  most: true,
  statuses: true,
};
const LONGEST_MS = 100 * 366 * 86_400_000;

/**
 * Removes old snapshots and resolves to their number; call it again while that is `most`. A job whose snapshot is gone is run
 * again if somebody attempts it. One that an attempt is at stays.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export async function pruneSnapshots(client: Queryable, options: PruneOptions): Promise<number> {
  requireFenceOptions('pruneSnapshots', options, OPTION_NAMES);
  const { olderThanMs, most = 10_000, statuses = ['success'] } = options;
  requireWhole('olderThanMs', olderThanMs, LONGEST_MS);
  requireWhole('most', most, 1_000_000);
  requireStatuses(statuses);
  const { table } = tableNames(options);
  // As texts of SQL, from which the planner sees that the index has all of them.
  const list = statuses.map((status) => `'${status}'`).join(', ');
  const { rowCount } = await client.query(
    `DELETE FROM ${table} WHERE job_id IN (
       SELECT job_id FROM ${table}
       WHERE status IN (${list}) AND updated_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
       ORDER BY updated_at LIMIT $2::int FOR UPDATE SKIP LOCKED)`,
    [olderThanMs, most],
  );
  return rowCount ?? 0;
}

function requireStatuses(statuses: unknown): asserts statuses is readonly SnapshotStatus[] {
  const isList = Array.isArray(statuses) && statuses.length > 0;
  if (isList && statuses.every((status) => SNAPSHOT_STATUSES.includes(status))) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option statuses of pruneSnapshots takes a list of ${SNAPSHOT_STATUSES.join(', ')}`,
    { value: typeof statuses },
  );
}

function requireWhole(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} of pruneSnapshots takes a whole number from 1 to ${most}`,
    { value: typeof value === 'number' ? value : typeof value },
  );
}
