/** The attempts at one tick under one lease, and when each of them is told. Step 7. */

import { keepEnds } from '../bid/keep-ends.js';
import type { DueTick } from '../contract/due-tick.js';
import type { TickReport } from '../contract/outcome.js';
import { retryDelayMs } from '../policies/backoff.js';
import { isJobPending, pendingDelayMs } from '../policies/pending-job.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import { type AttemptParts, type Ending, runAttempt } from './attempt.js';
import { type ClaimAgainParts, claimNext } from './claim-again.js';
import type { RunHere } from './run-here.js';

export interface AttemptsParts extends ClaimAgainParts, AttemptParts {
  readonly clusterClock: ClusterClock;
  /** True once the shutdown has given up waiting: what has not started by then must not start. */
  readonly isAbandoned: () => boolean;
  readonly report: (report: TickReport) => void;
}

/** A tick that starts now. */
export interface ClaimedStart {
  readonly due: DueTick;
  readonly claimId: string;
  readonly latenessMs: number;
}

/**
 * Makes attempts until one succeeds or the policies have no other, and reports the tick. Gives how the last one ended: `aborted` where the tick
 * is left to whoever retakes it.
 */
export async function runAttempts(
  parts: AttemptsParts,
  run: RunHere,
  { due, ...first }: ClaimedStart,
): Promise<Ending> {
  let attempt = due.attempt ?? 1;
  let { claimId, latenessMs } = first;
  let pauses = 0;
  for (let made = 1; ; made += 1) {
    // What was pending has not used up what the retry policy allows.
    const runs = made - pauses;
    const told = { isTold: false };
    const { ending, open } = await runAttempt(parts, run, {
      ...{ due, attempt, claimId, latenessMs, isRetry: made > 1 },
      onTimedOut: (timedOut) => {
        const mayBeRepeated = mayRepeat(parts, run, { due, attempt, runs });
        // With the last attempt the verdict cannot change any more, whenever its handler returns.
        if (!mayBeRepeated) {
          tellEnd(parts, run, due, { ...timedOut, goesOn: true });
          parts.track(keepEnds(parts, run.lease));
        }
        told.isTold = !mayBeRepeated;
        return mayBeRepeated;
      },
    });
    const isLast = (last: Ending = ending): Ending => {
      // Before the next tick is claimed: whatever an observer does must not stand between its last look and its start.
      if (!told.isTold) tellEnd(parts, run, due, last);
      return last;
    };
    if (ending.outcome !== 'failed' && ending.outcome !== 'timed_out') return isLast();
    const next = nextAttempt(parts, run, { due, ending, attempt, runs, pauses });
    const { delayMs, windowMs, isPending } = next;
    if (delayMs === undefined || told.isTold) return isLast(isPending ? stillPending(ending) : ending);
    parts.observer.observe({
      type: 'retry',
      task: due.task.name,
      tick: due.tick,
      attempt,
      delayMs,
      error: ending.error,
    });
    const again = { ...due, attempt: attempt + 1, maxLatenessMs: windowMs };
    const claimed = await parts.register.whileWaiting(open, async () =>
      (await waitToRetry(parts, run, delayMs))
        ? claimNext(parts, run, again, async (lateMs) => whyNotRepeated(parts, run, windowMs - lateMs()))
        : undefined,
    );
    if (claimed?.refusal !== undefined || claimed === undefined)
      return isLast(notRepeated(run, ending, { isPending, refusal: claimed?.refusal }));
    if (isPending) pauses += 1;
    attempt += 1;
    claimId = claimed.claimId;
    latenessMs = parts.clusterClock.nowMs() - due.tick;
  }
}

interface NextAttempt {
  /** Absent: there is none. */
  readonly delayMs: number | undefined;
  /** It starts at most so long after the tick. */
  readonly windowMs: number;
  /** For a job that another attempt is at, as a retake: the work itself has not failed. */
  readonly isPending: boolean;
}

/** What follows an attempt that has failed or timed out. */
function nextAttempt(
  { clusterClock, random }: AttemptsParts,
  { policies }: RunHere,
  { due, ending, ...made }: Made,
): NextAttempt {
  const sinceTickMs = clusterClock.nowMs() - due.tick;
  if (policies.recovery === 'retake' && ending.outcome === 'failed' && isJobPending(ending.error)) {
    const delayMs = pendingDelayMs(policies, { ...made, sinceTickMs });
    return { delayMs, windowMs: policies.recoveryWithinMs, isPending: true };
  }
  const delayMs = retryDelayMs(policies.retry, { ...made, sinceTickMs }, () => random.next());
  return { delayMs, windowMs: policies.retry?.deadlineMs ?? 0, isPending: false };
}

interface Made {
  readonly due: DueTick;
  readonly ending: Ending;
  readonly attempt: number;
  /** Without those that were pending. */
  readonly runs: number;
  readonly pauses: number;
}

function stillPending(ending: Ending): Ending {
  return { ...ending, detail: 'another attempt was still at its job' };
}

/** How a tick ends whose next attempt was due, and is not made here. */
function notRepeated(
  run: RunHere,
  ending: Ending,
  { isPending, refusal }: { readonly isPending: boolean; readonly refusal: Ending | undefined },
): Ending {
  const isForOthers = refusal === undefined || LEFT_TO_OTHERS.has(refusal.outcome);
  // Not closed, so that whoever has its lock next takes it up again.
  if (isPending && isForOthers && !run.isCancelled)
    return { ...ending, outcome: 'aborted', detail: 'its job is pending, and left to a retake' };
  return refusal === undefined ? ending : { ...ending, detail: `not repeated: ${refusal.detail}` };
}

/** This instance stops, its lease is over, or no majority answers. */
const LEFT_TO_OTHERS: ReadonlySet<string> = new Set<Ending['outcome']>(['stopped', 'no_quorum']);

/** What has been told is an end: it is not lost any more, whenever its handler returns. */
function tellEnd(parts: AttemptsParts, { lease }: RunHere, due: DueTick, ending: Ending): void {
  lease.claims?.ended(ending.outcome);
  report(parts, due, ending);
}

export function report(
  parts: Pick<AttemptsParts, 'instanceId' | 'report'>,
  { task, tick }: DueTick,
  ending: Ending,
): void {
  parts.report({ task: task.name, tick, instanceId: parts.instanceId, ...ending });
}

/** Whether another attempt could follow one that ended now, here or elsewhere: if not, none follows one that ends later. */
function mayRepeat(
  parts: AttemptsParts,
  run: RunHere,
  { due, attempt, runs }: { readonly due: DueTick; readonly attempt: number; readonly runs: number },
): boolean {
  // Its end is written down when its handler has returned. Until then whoever gets its lock may make an attempt of its own.
  if (run.policies.recovery === 'retake') return true;
  if (parts.stopped.aborted) return false;
  const sinceTickMs = parts.clusterClock.nowMs() - due.tick;
  return retryDelayMs(run.policies.retry, { attempt, runs, sinceTickMs }, () => 0) !== undefined;
}

/** The last look before another attempt: what has happened while it was claimed. */
function whyNotRepeated(parts: AttemptsParts, run: RunHere, leftMs: number): Ending | undefined {
  if (parts.isAbandoned() || run.lease.signal.aborted) return { outcome: 'stopped', detail: 'it must stop' };
  if (run.isCancelled) return { outcome: 'cancelled', detail: 'a later tick has come' };
  return leftMs < 0 ? { outcome: 'misfire', detail: 'the deadline has passed' } : undefined;
}

/** Whether the attempt is still to be made after the delay. */
async function waitToRetry(parts: AttemptsParts, run: RunHere, delayMs: number): Promise<boolean> {
  const { clock } = parts;
  const given = new AbortController();
  const giveUp = (): void => given.abort('given up');
  run.setAbort(giveUp);
  run.lease.signal.addEventListener('abort', giveUp, { once: true });
  parts.stopped.addEventListener('abort', giveUp, { once: true });
  if (run.lease.signal.aborted || parts.stopped.aborted) giveUp();
  const untilMs = clock.monotonicMs() + delayMs;
  while (!given.signal.aborted && clock.monotonicMs() < untilMs)
    await clock.sleepUntil(untilMs, given.signal);
  run.setAbort(undefined);
  run.lease.signal.removeEventListener('abort', giveUp);
  parts.stopped.removeEventListener('abort', giveUp);
  return !given.signal.aborted && run.lease.isTrusted();
}
