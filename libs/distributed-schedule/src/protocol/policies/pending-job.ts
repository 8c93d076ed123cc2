/** A run that failed because another attempt is at its job says nothing of the work: it counts as a retake, and pauses. */

import { someCause } from '../contract/causes.js';
import type { ErrorCode } from '../contract/errors.js';
import { mostAttemptsOf, type TaskPolicies } from '../contract/task-policies.js';

const PENDING: ErrorCode = 'DSCHED_JOB_PENDING';

/** First of the growing pauses. Five of them outlast a minute, after which stores take a silent attempt for dead. */
const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 60_000;

export interface PendingAttempt {
  /** Its number, from 1. */
  readonly attempt: number;
  /** How many pauses of this kind were made here before at this tick. */
  readonly pauses: number;
  /** Now minus the tick. */
  readonly sinceTickMs: number;
}

/** By its code, wherever it stands among the causes: there may be two copies of this library in one process. */
export function isJobPending(thrown: unknown): boolean {
  return someCause(thrown, (error) => (error as { readonly code?: unknown }).code === PENDING);
}

/** The pause before the next attempt; undefined when there is none: no retake, or none left, or none within its time. */
export function pendingDelayMs(
  policies: TaskPolicies,
  { attempt, pauses, sinceTickMs }: PendingAttempt,
): number | undefined {
  if (policies.recovery !== 'retake' || attempt >= mostAttemptsOf(policies)) return undefined;
  const delayMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** pauses);
  return sinceTickMs + delayMs > policies.recoveryWithinMs ? undefined : delayMs;
}
