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

/** How it ends there: for good, or as long as nobody wakes it. */
export type Doom = 'SIGKILL' | 'SIGSTOP';

export interface DoomedPlan {
  readonly doom: Doom;
  readonly url: string;
  readonly jobId: string;
  readonly fencingToken: number;
  readonly point: CrashPoint;
}

/** Long, so that a test sees who waits for it and who need not. */
export const TAKEOVER_MS = 60_000;

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
