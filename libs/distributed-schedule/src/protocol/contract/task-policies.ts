/** What a task does in awkward cases. Types and defaults; next-start.ts, overlap.ts and backoff.ts decide. */

/**
 * What becomes of a tick that comes due while a run of its task goes on. Names of Temporal.
 *
 * - `skip`          it ends as `overlap`
 * - `buffer_one`    the first such tick starts when the run ends, on the same instance; further ones end as `overlap`. It is
 *                   lost with that instance, unless the misfire policy finds it
 * - `cancel_other`  the run's signal aborts, and the tick starts when its handler has returned
 * - `allow`         it starts beside the run
 */
export const OVERLAP_POLICIES = ['skip', 'buffer_one', 'cancel_other', 'allow'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/**
 * What becomes of ticks that nobody claimed within their lateness limit: no instance was up, none reached a majority,
 * or the winner woke too late.
 *
 * - `skip`    they are gone
 * - `latest`  the newest of them starts as soon as possible
 * - `all`     all of them start, one after the other, oldest first
 */
export const MISFIRE_POLICIES = ['skip', 'latest', 'all'] as const;
export type MisfirePolicy = (typeof MISFIRE_POLICIES)[number];

/**
 * What becomes of a claimed tick whose instance died before its run ended.
 *
 * - `lose`    nothing: it may have done half its work
 * - `retake`  another instance runs it again, with a larger token and attempt number and the same idempotency key
 */
export const RECOVERY_POLICIES = ['lose', 'retake'] as const;
export type RecoveryPolicy = (typeof RECOVERY_POLICIES)[number];

export interface RetryPolicy {
  /** Runs of a failing tick in all, the first one included; 2 to {@link MAX_ATTEMPTS}. */
  readonly attempts: number;
  /** Delay before the second run; it doubles from one run to the next. */
  readonly baseMs: number;
  /** The longest delay, before jitter. */
  readonly capMs: number;
  /** Share of the delay that is added at random at most, 0 to 0.1. */
  readonly jitter: number;
  /** No run starts later than this after the tick. */
  readonly deadlineMs: number;
}

export interface TaskPolicies {
  readonly overlap: OverlapPolicy;
  readonly misfire: MisfirePolicy;
  /** A tick that was missed longer ago than this stays missed. */
  readonly misfireWithinMs: number;
  readonly recovery: RecoveryPolicy;
  /** A tick is not taken up again later than this after it was due. */
  readonly recoveryWithinMs: number;
  /** How many more attempts retakes may add to those of `retry`, where one that is made because a job is pending counts as well. */
  readonly mostRetakes: number;
  /** Absent: a failed run is not repeated. */
  readonly retry?: RetryPolicy;
  /** The signal of a run aborts after this. Absent: never. */
  readonly timeoutMs?: number;
  /** After this a run is given up: its signal aborts, its lease is let go, and later ticks run beside it. Absent: never. */
  readonly giveUpAfterMs?: number;
}

export const DEFAULT_POLICIES: TaskPolicies = Object.freeze({
  overlap: 'skip',
  misfire: 'skip',
  misfireWithinMs: 3_600_000,
  recovery: 'lose',
  recoveryWithinMs: 600_000,
  mostRetakes: 5,
});

export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  attempts: 3,
  baseMs: 100,
  capMs: 5_000,
  jitter: 0.1,
  deadlineMs: 60_000,
});

/**
 * Tick T owns the instants T to T + 31 ms: attempt n claims T + n - 1, and T + 31 ends it for good. So the ledger decides
 * who makes each attempt, and the claimed instant is its fencing token.
 */
export const INSTANTS_PER_TICK = 32;

/** Runs of one tick at most, retries and retakes together. */
export const MAX_ATTEMPTS = INSTANTS_PER_TICK - 1;

/** Attempts at one tick in all, retries and retakes: a tick that kills every instance that runs it must not kill them all. */
export function mostAttemptsOf({ retry, mostRetakes }: TaskPolicies): number {
  return Math.min(MAX_ATTEMPTS, (retry?.attempts ?? 1) + mostRetakes);
}

/** What follows the attempts of `tick`: it has ended for good. */
export function closingInstant(tick: number): number {
  return tick + MAX_ATTEMPTS;
}

/** Tasks whose ticks have more than one attempt, or are looked back on, need at least this much between two ticks. */
export const MIN_PERIOD_WITH_ATTEMPTS_MS = 2 * INSTANTS_PER_TICK;

/** Earlier ticks decide what starts next: one more message per node and bid, and one per run that is closed. */
export function looksBack({ misfire, recovery }: TaskPolicies = DEFAULT_POLICIES): boolean {
  return misfire !== 'skip' || recovery === 'retake';
}
