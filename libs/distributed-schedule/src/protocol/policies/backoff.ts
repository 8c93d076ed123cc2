/** When a failed run is repeated. Exponential backoff, as in client-go's wait.Backoff: base, factor 2, cap, jitter on top. */

import { MAX_ATTEMPTS, type RetryPolicy } from '../contract/task-policies.js';

export interface FailedAttempt {
  /** The number of the attempt that has failed, from 1. */
  readonly attempt: number;
  /** How many runs of this tick this instance has made, this one included: a retake begins anew. */
  readonly runs: number;
  /** Now minus the tick. */
  readonly sinceTickMs: number;
}

/** Undefined: no policy, no attempt left, or it would start after the deadline. @param random uniform in [0, 1) */
export function retryDelayMs(
  policy: RetryPolicy | undefined,
  { attempt, runs, sinceTickMs }: FailedAttempt,
  random: () => number,
): number | undefined {
  if (policy === undefined || runs >= policy.attempts || attempt >= MAX_ATTEMPTS) return undefined;
  const backoffMs = Math.min(policy.capMs, policy.baseMs * 2 ** (runs - 1));
  const delayMs = backoffMs * (1 + random() * policy.jitter);
  return sinceTickMs + delayMs > policy.deadlineMs ? undefined : delayMs;
}
