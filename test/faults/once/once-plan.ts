/** What the replicas of the counter test are told and tell, and the tables that they write. */

/** Redis masters are known by their true addresses, and reached over links; PostgreSQL is known by its link. */
export interface ReplicaPlan {
  readonly replica: string;
  readonly seed: number;
  readonly redis: readonly string[];
  readonly postgres: string;
  /** Whether it makes attempts at recent ticks again, as a consumer with at-least-once delivery does. */
  readonly repeats: boolean;
}

/** What an instance told of a tick of the task `once`. */
export interface Telling {
  readonly tick: number;
  /** `started`, the outcome of its report, or what the audit found. */
  readonly what: string;
  /** Of the error that ended it. */
  readonly code?: string;
}

export type FromReplica =
  | { readonly kind: 'ready' }
  | ({ readonly kind: 'told' } & Telling)
  /** In the middle of the effect of a task: after its first write. */
  | { readonly kind: 'effect'; readonly task: TaskName }
  | { readonly kind: 'ended'; readonly task: TaskName; readonly how: string };

/** `once` goes through runOnce, `plain` does what one would write without it. Both suffer the same faults. */
export const TASK_NAMES = ['once', 'plain'] as const;
export type TaskName = (typeof TASK_NAMES)[number];

export const NAMESPACE = 'counter';
export const PERIOD_MS = 500;
/** Also the bound after which the server ends a transaction whose client is silent: faults are longer and shorter. */
export const TAKEOVER_MS = 2_000;
/** How far back attempts are repeated. */
export const LOOK_BACK_MS = 8_000;

/**
 * `increment` has a line per effect; `done` is the mark that one would write without snapshots; `stray` has what a branch wrote that nobody
 * awaited: nothing, ever.
 */
export const TABLES = `
  CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL);
  INSERT INTO counter VALUES ('once', 0), ('plain', 0);
  CREATE TABLE increment (task TEXT NOT NULL, tick BIGINT NOT NULL, job_id TEXT NOT NULL, replica TEXT NOT NULL);
  CREATE TABLE stray (job_id TEXT NOT NULL);
  CREATE TABLE done (job_id TEXT PRIMARY KEY);
`;
