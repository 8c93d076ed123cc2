import type { MisfirePolicy, OverlapPolicy, RecoveryPolicy } from '../protocol/contract/task-policies.js';
import type { OptionNames } from '../protocol/options/option-names.js';

/**
 * What a task does in awkward cases. Of every task by the decorator's options, or of all by `tasks` of `forRoot`, where a
 * task's own option counts before that. Durations are whole milliseconds.
 */
export interface TaskPolicyOptions {
  /**
   * What becomes of a tick that comes due while a run of the task goes on: `skip` ends it as `overlap`, `buffer_one`
   * starts the first such tick when the run ends, `cancel_other` aborts the run and starts the tick when its handler has
   * returned, `allow` starts it beside the run. Default `skip`.
   */
  readonly overlap?: OverlapPolicy;
  /**
   * What becomes of ticks that nobody claimed in time, because no instance was up or none reached a majority: `skip`,
   * run the `latest` of them, or `all`, oldest first. What was missed longer than `withinMs` ago stays missed, by default
   * an hour. Default `skip`.
   */
  readonly misfire?: MisfirePolicy | { readonly policy: MisfirePolicy; readonly withinMs?: number };
  /**
   * What becomes of a tick whose instance died before its run ended: `lose`, or `retake`: another instance runs it again,
   * with a larger token and attempt number and the same idempotency key, at most `withinMs` after the tick, by default ten
   * minutes, and at most `retakes` times, by default 5: a tick may be what its instances die of. Default `lose`.
   */
  readonly recovery?:
    | RecoveryPolicy
    | { readonly policy: RecoveryPolicy; readonly withinMs?: number; readonly retakes?: number };
  /** How often a run that failed is repeated: the number of attempts in all, or more. 1 is never, the default. */
  readonly retry?: number | RetryOptions;
  /** After this the run's signal aborts, and it ends as `timed_out`. Default: never. */
  readonly timeoutMs?: number;
  /**
   * After this a run is given up: its signal aborts, it ends as `given_up`, its lease is renewed no more, and later ticks run
   * beside it, on another instance where one lives. More than `timeoutMs`. Default: never.
   */
  readonly giveUpAfterMs?: number;
}

/** Exponential backoff; all attempts are made under the exclusiveness of the tick. */
export interface RetryOptions {
  /** Runs of one tick in all, the first one included: 2 to 31. Default 3. */
  readonly attempts?: number;
  /** Delay before the second run; it doubles from one to the next. Default 100. */
  readonly baseMs?: number;
  /** The longest delay, before jitter. Default 5000. */
  readonly capMs?: number;
  /** Share of the delay that is added at random at most, 0 to 0.1. Default 0.1. */
  readonly jitter?: number;
  /** No run starts later than this after the tick. Default 60000. */
  readonly deadlineMs?: number;
}

/** Names that are allowed where `Options` are taken. */
export function allowed<Options>(...names: readonly (keyof Options & string)[]): OptionNames {
  return Object.fromEntries(names.map((name) => [name, true]));
}

/** The names inside `misfire`, `recovery` and `retry` are checked where their values are, as these take plain values too. */
export const TASK_POLICY_OPTION_NAMES = allowed<TaskPolicyOptions>(
  ...(['overlap', 'misfire', 'recovery', 'retry', 'timeoutMs', 'giveUpAfterMs'] as const),
);
