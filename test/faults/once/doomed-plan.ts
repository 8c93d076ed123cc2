/** What a process that is to die is told, and the effect that its successor repeats or does not. */

import type { Redis } from 'ioredis';

/** Where the process dies, in the order of the flow. */
export const CRASH_POINTS = [
  'after the cache was checked',
  'after BEGIN',
  'after the upsert, before its COMMIT',
  'after the pending snapshot',
  'in the effect, after its write',
  'after the effect, before the update',
  'after the update, before COMMIT',
  'when COMMIT is on its way',
  'after the success, before it is published',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/**
 * What happens to it there. It ends for good, or stops until it is woken; or its host is lost, and everything that it sends or is sent vanishes
 * without an end of the connection; or it is deaf: what it sends arrives and is done, and no answer reaches it.
 */
export type Doom = 'SIGKILL' | 'SIGSTOP' | 'lost' | 'deaf';

/** `at-point` is answered with any message as soon as the network is as its doom says. */
export type FromDoomed =
  | { readonly kind: 'at-point' }
  /** `ran`, `replayed` …, or the code of an error. */
  | { readonly kind: 'ended'; readonly how: string };

export interface DoomedPlan {
  readonly doom: Doom;
  readonly url: string;
  readonly jobId: string;
  readonly fencingToken: number;
  readonly point: CrashPoint;
}

/** Of the doomed attempt. */
export const FIRST_TOKEN = 1_000;

/** Long, so that a test sees who waits for it and who need not. */
export const TAKEOVER_MS = 60_000;
/** Whoever is cut off notices soon. */
export const CUT_OFF_TIMEOUT_MS = 1_000;
/** Whoever is killed at a point must reach it, however busy the machine is. */
export const PATIENT_TIMEOUT_MS = 30_000;

interface Queryable {
  query(sql: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

export const COUNTER_TABLE = 'CREATE TABLE counter (job_id TEXT PRIMARY KEY, runs INTEGER NOT NULL)';

export async function countInPostgres(client: Queryable, jobId: string): Promise<number> {
  const sql =
    'INSERT INTO counter VALUES ($1, 1) ON CONFLICT (job_id) DO UPDATE SET runs = counter.runs + 1 RETURNING runs';
  return ((await client.query(sql, [jobId])).rows as { runs: number }[])[0]?.runs ?? 0;
}

export function countInRedis(redis: Redis, jobId: string): Promise<number> {
  return redis.incr(`counter:${jobId}`);
}
