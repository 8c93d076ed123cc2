/** What follows an attempt that has failed or timed out. Pure. */

import type { DueTick } from '../contract/due-tick.js';
import type { TaskPolicies } from '../contract/task-policies.js';
import { type FailedAttempt, retryDelayMs } from '../policies/backoff.js';
import { isJobPending, pendingDelayMs } from '../policies/pending-job.js';
import type { RunParts } from './run-parts.js';
import type { Ending } from './tick-end.js';

/** An attempt that is being made, or was. */
export interface Made {
  readonly due: DueTick;
  readonly claimId: string;
  readonly latenessMs: number;
  /** Its number, from 1. */
  readonly attempt: number;
  /** How many attempts at this tick were made here, this one included. */
  readonly made: number;
  /** How many of them found another attempt at their job. They use up nothing of what the retry policy allows. */
  readonly pauses: number;
}

export interface NextAttempt {
  /** Absent: there is none. */
  readonly delayMs: number | undefined;
  /** Longest time between the tick and its start. */
  readonly windowMs: number;
  /** For a job that another attempt is at, as a retake: the work itself has not failed. */
  readonly isPending: boolean;
}

export function nextAttempt(
  { clusterClock, random }: Pick<RunParts, 'clusterClock' | 'random'>,
  policies: TaskPolicies,
  made: Made,
  { outcome, error }: Ending,
): NextAttempt {
  const sinceTickMs = clusterClock.nowMs() - made.due.tick;
  if (policies.recovery === 'retake' && outcome === 'failed' && isJobPending(error)) {
    const delayMs = pendingDelayMs(policies, { ...made, sinceTickMs });
    return { delayMs, windowMs: policies.recoveryWithinMs, isPending: true };
  }
  const delayMs = retryDelayMs(policies.retry, { ...countOf(made), sinceTickMs }, () => random.next());
  return { delayMs, windowMs: policies.retry?.deadlineMs ?? 0, isPending: false };
}

export function countOf({ attempt, made, pauses }: Made): Omit<FailedAttempt, 'sinceTickMs'> {
  return { attempt, runs: made - pauses };
}

/** True if another attempt may follow, here or elsewhere. False is final: no later end changes it. */
export function mayRepeat(
  isStopped: boolean,
  { recovery, retry }: TaskPolicies,
  failed: FailedAttempt,
): boolean {
  // The end is written when the handler returns. Until then the next holder of the lock may make an attempt of its own.
  if (recovery === 'retake') return true;
  return !isStopped && retryDelayMs(retry, failed, () => 0) !== undefined;
}
