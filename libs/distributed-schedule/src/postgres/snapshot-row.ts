import type { KeptValue, Snapshot, SnapshotStatus } from '../once/snapshot-store.js';
import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';

/** Now, and a column, as microseconds since the epoch: a Date of JavaScript would cut them off. */
const microseconds = (instant: string): string => `(extract(epoch FROM ${instant}) * 1000000)::bigint::text`;
export const NOW_US = `${microseconds('clock_timestamp()')} AS now_us`;

export const UPDATED_AT_US = microseconds('updated_at');

/** The JSON as text, since an application may have a parser of its own for the driver's JSON. */
export const COLUMNS = `job_id, status, snapshot::text AS json, ${UPDATED_AT_US} AS updated_at_us`;

/** The instant of a parameter that holds microseconds since the epoch, to the microsecond. */
export function timestampOf(parameter: string): string {
  return `(timestamptz 'epoch' + ${parameter}::bigint * interval '1 microsecond')`;
}

/** JSONB takes neither NUL nor half a surrogate pair; a success that has happened must not fail for that. */
const NOT_IN_JSONB = /[\0\p{Cs}]/gu;
const ESCAPE_NOT_IN_JSONB = /\\u(0000|d[89a-f])/;

export interface SnapshotRow {
  readonly job_id: string;
  readonly status: SnapshotStatus;
  readonly json: string;
  readonly updated_at_us: string;
}

/** What stands in the JSONB column. Input and output are JSON there, so that SQL can look into them. */
interface SnapshotJson {
  readonly attempt: number;
  readonly begunAtUs: number;
  readonly fencingToken?: number;
  readonly input?: KeptJson;
  readonly output?: KeptJson;
  readonly error?: string;
}

interface KeptJson {
  readonly digest?: string;
  readonly value?: unknown;
}

export function snapshotOf(row: SnapshotRow): Snapshot {
  const { attempt, begunAtUs, fencingToken, input, output, error } = JSON.parse(row.json) as SnapshotJson;
  return {
    jobId: row.job_id,
    status: row.status,
    attempt,
    ...(fencingToken === undefined ? {} : { fencingToken }),
    ...(input === undefined ? {} : { input: keptOf(input) }),
    ...(output === undefined ? {} : { output: keptOf(output) }),
    ...(error === undefined ? {} : { error }),
    begunAtUs,
    updatedAtUs: Number(row.updated_at_us),
  };
}

export function jsonOf({ attempt, begunAtUs, fencingToken, input, output, error }: Snapshot): string {
  const [kept, returned] = [input && keptJsonOf(input), output && keptJsonOf(output)];
  const shown = error?.replaceAll(NOT_IN_JSONB, '\ufffd');
  // JSON has no properties that are undefined.
  return JSON.stringify({ attempt, begunAtUs, fencingToken, input: kept, output: returned, error: shown });
}

function keptOf({ digest, value }: KeptJson): KeptValue {
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(value === undefined ? {} : { json: JSON.stringify(value) }),
  };
}

function keptJsonOf({ digest, json }: KeptValue): object {
  const isKept = json !== undefined && !ESCAPE_NOT_IN_JSONB.test(json);
  return { digest, ...(isKept && { value: JSON.parse(json) as unknown }) };
}

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
    `AND l.pid <> pg_backend_pid() AND l.transactionid = (SELECT xmax FROM ${table} WHERE job_id = $1 AND updated_at = ${timestampOf('$2')})`
  );
}
