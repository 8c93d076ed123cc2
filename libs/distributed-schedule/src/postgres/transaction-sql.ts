/** The statements around an attempt's row: what begins its transaction, and what ends another one's. */

import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
import { instant, NOW_US, UPDATED_AT_US } from './snapshot-row.js';

/** A process that is busy, and not stopped, may be silent for so long. */
const BUSY_MS = 500;

const JOB_ID = /^[0-9a-f]{32}$/;

export interface Begun {
  readonly now_us: string;
  readonly own_lock_timeout: string;
  /** Of the job's pending attempt, where there is one and it was asked for. */
  readonly pending_token?: string | null;
  readonly pending_at_us?: string | null;
}

/** @param isBrief nobody is silent for long in it: it is one of the store's own */
export function beginSql(
  table: string,
  { lockWaitMs, takeoverMs }: PostgresSnapshotSettings,
  isBrief: boolean,
  jobId: string | undefined,
): string {
  const briefMs = Math.min(takeoverMs, Math.max(BUSY_MS, Math.ceil(lockWaitMs / 2)));
  const silentMs = isBrief ? briefMs : takeoverMs;
  const bounds = [
    `set_config('lock_timeout', '${lockWaitMs}', true) AS lock_bound`,
    `set_config('idle_in_transaction_session_timeout', '${silentMs}', true) AS idle_bound`,
    `set_config('tcp_user_timeout', '${silentMs}', true) AS tcp_bound`,
  ].join(', ');
  return `SELECT ${NOW_US}, current_setting('lock_timeout') AS own_lock_timeout${pendingSql(table, jobId)}, ${bounds}`;
}

/** In the same statement: another one would make every first attempt slower. What begins a transaction takes no parameters. */
function pendingSql(table: string, jobId: string | undefined): string {
  if (jobId === undefined || !JOB_ID.test(jobId)) return '';
  const of = (what: string, name: string): string =>
    `, (SELECT ${what} FROM ${table} WHERE job_id = '${jobId}' AND status = 'pending') AS ${name}`;
  return of("snapshot->>'fencingToken'", 'pending_token') + of(UPDATED_AT_US, 'pending_at_us');
}

/** $1 the job, $2 when its row was changed last, as it was seen. */
export function endHolderSql(table: string): string {
  return (
    'SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) ' +
    "WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted AND a.usename = current_user " +
    `AND l.pid <> pg_backend_pid() AND l.transactionid = (SELECT xmax FROM ${table} WHERE job_id = $1 AND updated_at = ${instant('$2')})`
  );
}
