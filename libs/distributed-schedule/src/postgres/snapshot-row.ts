import type { KeptValue, Snapshot, SnapshotStatus } from '../once/snapshot-store.js';

/** Now, and a column, as microseconds since the epoch: a Date of JavaScript would cut them off. */
const microseconds = (instant: string): string => `(extract(epoch FROM ${instant}) * 1000000)::bigint::text`;
export const NOW_US = `${microseconds('clock_timestamp()')} AS now_us`;

export const UPDATED_AT_US = microseconds('updated_at');

/** The JSON as text, since an application may have a parser of its own for the driver's JSON. */
export const COLUMNS = `job_id, status, snapshot::text AS json, ${UPDATED_AT_US} AS updated_at_us`;

/** The instant of a parameter that holds microseconds since the epoch, to the microsecond. */
export function instant(parameter: string): string {
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
  const json: SnapshotJson = {
    attempt,
    begunAtUs,
    ...(fencingToken === undefined ? {} : { fencingToken }),
    ...(input === undefined ? {} : { input: keptJsonOf(input) }),
    ...(output === undefined ? {} : { output: keptJsonOf(output) }),
    ...(error === undefined ? {} : { error: error.replaceAll(NOT_IN_JSONB, '\ufffd') }),
  };
  return JSON.stringify(json);
}

function keptOf({ digest, value }: KeptJson): KeptValue {
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(value === undefined ? {} : { json: JSON.stringify(value) }),
  };
}

function keptJsonOf({ digest, json }: KeptValue): KeptJson {
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(json === undefined || ESCAPE_NOT_IN_JSONB.test(json) ? {} : { value: JSON.parse(json) as unknown }),
  };
}
