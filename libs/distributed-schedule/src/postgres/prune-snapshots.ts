import { SNAPSHOT_STATUSES, type SnapshotStatus } from '../once/snapshot-store.js';
import {
  count,
  type OptionSpec,
  optional,
  readOptions,
  required,
  whole,
} from '../protocol/options/option-spec.js';
import { type SnapshotTable, TABLE, tableNames } from './migration.js';
import type { Queryable } from './queryable.js';

export interface PruneOptions extends SnapshotTable {
  /** Snapshots whose last change is longer ago are removed. Longer than any attempt may come late. */
  readonly olderThanMs: number;
  /** Rows in one call, so that no call locks for long. Default 10000. */
  readonly most?: number;
  /** Default `['success']`. Other jobs lose their largest fencing token with their row, so a stale holder may run them. */
  readonly statuses?: readonly SnapshotStatus[];
}

const MAX_AGE_MS = 100 * 366 * 86_400_000;

const SPEC: OptionSpec<PruneOptions & Required<Pick<PruneOptions, 'most' | 'statuses'>>> = {
  ...TABLE,
  olderThanMs: required(whole(1, MAX_AGE_MS)),
  most: optional(count(1, 1_000_000), 10_000),
  statuses: optional(
    {
      takes: `a list of ${SNAPSHOT_STATUSES.join(', ')}`,
      accepts: (list) =>
        Array.isArray(list) && list.length > 0 && list.every((status) => SNAPSHOT_STATUSES.includes(status)),
    },
    ['success'],
  ),
};

/**
 * Removes old snapshots and resolves to their number; call again while that is `most`. A removed job runs again if
 * attempted; one in an attempt stays.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export async function pruneSnapshots(client: Queryable, options: PruneOptions): Promise<number> {
  const { olderThanMs, most, statuses } = readOptions({ of: 'pruneSnapshots' }, options, SPEC);
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
