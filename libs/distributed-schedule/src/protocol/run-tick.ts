/**
 * One won tick on one instance, top to bottom, and the ticks that its end starts. The numbers are those of ARCHITECTURE.md:
 * steps 1 to 3 (tick, rank, bid time) are in contest.ts, 4 and 5 (lock, claim) in bid.ts, and here are 6 wait, 7 run and
 * 8 finish.
 */

import { type AttemptParts, type Ending, runAttempt } from './attempt.js';
import { surrender } from './bid.js';
import { type ClaimAgainParts, claimNext, closeTicks, nextMissed } from './claim-again.js';
import type { ClusterClock } from './cluster-clock.js';
import type { DueTick, LockedTick } from './due-tick.js';
import { elapsedMs, readInstant } from './instant.js';
import type { LeaseKeeper } from './keep-lease.js';
import type { Lease } from './lease.js';
import type { TickReport } from './outcome.js';
import { retryDelayMs } from './retry-delay.js';
import { RunHere, type RunsHere } from './run-here.js';

export interface RunTickParts extends ClaimAgainParts, AttemptParts {
  readonly clusterClock: ClusterClock;
  readonly keeper: LeaseKeeper;
  readonly runs: RunsHere;
  /** True once the shutdown has given up waiting: what has not started by then must not start. */
  readonly isAbandoned: () => boolean;
  readonly report: (report: TickReport) => void;
}

/** Waits for the tick, runs its handler under the lease, goes on with what its end starts, and reports each. Never rejects. */
export async function runTick(parts: RunTickParts, won: LockedTick): Promise<void> {
  const { due, lease, contested } = won;

  // 6 wait
  const latenessMs = latenessOf(parts, won);
  await parts.clusterClock.wakeExactlyAt(due.tick);
  const refusal = refuseToStart(parts, won, latenessMs());
  if (refusal !== undefined) {
    await surrender(parts, [won]);
    // What was looked back on has ended here before.
    const isItsTurn = due.because === undefined || due.because === 'due';
    if (isItsTurn || contested !== undefined) report(parts, contested ?? due, refusal);
    return;
  }

  // 7 run
  const run = new RunHere(due.task, lease, due);
  parts.runs.add(run);
  if (contested !== undefined) takeOn(parts, run, contested);
  const leaveBehind = (): void => {
    for (const waiting of run.leftOver()) report(parts, waiting, whyNotStarted(parts));
  };
  // A handler that does not hear its signal must not keep the word of those that wait for it.
  lease.signal.addEventListener('abort', leaveBehind, { once: true });
  await parts.keeper.during(lease, () =>
    runAll(parts, run, { due, claimId: won.claim.claimId, latenessMs: latenessMs() }),
  );
  lease.signal.removeEventListener('abort', leaveBehind);
  parts.runs.delete(run);

  // 8 finish
  await releaseLock(parts, lease);
  leaveBehind();
}

/** Hands a tick to the run that holds its lock here. When its time comes it may end that run. */
export function takeOn(
  parts: Pick<RunTickParts, 'clusterClock' | 'stopped' | 'instanceId' | 'report'>,
  run: RunHere,
  due: DueTick,
): void {
  for (const late of run.wait(due)) report(parts, late, PASSED_OVER);
  if (run.policies.overlap !== 'cancel_other') return;
  void parts.clusterClock.sleepUntil(due.tick, parts.stopped).then(() => {
    if (!parts.stopped.aborted) run.cancelBefore(due.tick);
  });
}

/** How late `tick` is, asked again and again, counted from its bid on. A machine that is suspended meanwhile stops the cluster clock. */
function latenessOf({ clock, clusterClock }: RunTickParts, { due, begin }: LockedTick): () => number {
  const { attempt, clusterMs } = begin;
  return () => Math.max(clusterClock.nowMs(), clusterMs + elapsedMs(attempt, readInstant(clock))) - due.tick;
}

/** Why a won tick is not started after all: the last look before the point of no return. */
function refuseToStart(
  parts: RunTickParts,
  { due, lease }: Pick<LockedTick, 'due' | 'lease'>,
  lateMs: number,
): Ending | undefined {
  parts.keeper.doubtIfPresenceLost(lease);
  if (lateMs > due.maxLatenessMs) {
    return { outcome: 'misfire', detail: `${Math.round(lateMs)} ms late, limit ${due.maxLatenessMs} ms` };
  }
  if (parts.isAbandoned()) return { outcome: 'stopped', detail: 'the shutdown did not wait for it' };
  if (!lease.isTrusted()) return { outcome: 'no_quorum', detail: 'the lease ran out before the start' };
  return undefined;
}

/** Runs ticks under the lease until nothing is left to start, and closes what has to be closed. */
async function runAll(parts: RunTickParts, run: RunHere, first: ClaimedStart): Promise<void> {
  let start = first;
  for (;;) {
    const { due } = start;
    run.begin(due, start.claimId);
    const ending = await runAttempts(parts, run, start);
    // Before the next one is claimed: whatever an observer does must not stand between its last look and its start.
    report(parts, due, ending);
    const next = await startNext(parts, run);
    if (next === undefined) {
      await closeTicks(parts, run, ending.outcome === 'aborted');
      return;
    }
    start = next;
  }
}

/** A tick that starts now. */
interface ClaimedStart {
  readonly due: DueTick;
  readonly claimId: string;
  readonly latenessMs: number;
}

/** The tick that starts now, claimed; undefined when none does. */
async function startNext(parts: RunTickParts, run: RunHere): Promise<ClaimedStart | undefined> {
  const { clusterClock } = parts;
  let looksForMissed = run.isCatchingUp;
  while (!parts.stopped.aborted && run.lease.isTrusted() && !run.lease.signal.aborted) {
    for (const due of run.dropUndue()) report(parts, due, NOT_DUE_ANY_MORE);
    const missed = looksForMissed ? await nextMissed(parts, run) : undefined;
    const chosen = missed ?? nextWaiting(parts, run);
    if (chosen === undefined) break;
    const claimed = await claimNext(parts, run, chosen, async (lateMs) => {
      await clusterClock.wakeExactlyAt(chosen.tick);
      return refuseToStart(parts, { due: chosen, lease: run.lease }, lateMs());
    });
    if (claimed.refusal === undefined) {
      for (const due of run.dropBefore(chosen)) report(parts, due, PASSED_OVER);
      const latenessMs = clusterClock.nowMs() - chosen.tick;
      return { due: chosen, claimId: claimed.claimId, latenessMs };
    }
    if (run.drop(chosen) || missed === undefined) report(parts, chosen, claimed.refusal);
    // One that was missed and cannot be had must not cost those that are due now.
    if (missed !== undefined) looksForMissed = false;
  }
  run.end();
  return undefined;
}

function nextWaiting(parts: RunTickParts, run: RunHere): DueTick | undefined {
  const { start, dropped } = run.next(parts.clusterClock.nowMs());
  for (const due of dropped) report(parts, due, PASSED_OVER);
  return start;
}

/** The attempts at one tick, until one succeeds or the retry policy has no other. */
async function runAttempts(
  parts: RunTickParts,
  run: RunHere,
  { due, ...first }: ClaimedStart,
): Promise<Ending> {
  let attempt = due.attempt ?? 1;
  let { claimId, latenessMs } = first;
  for (let runs = 1; ; runs += 1) {
    const ending = await runAttempt(parts, run, { due, attempt, claimId, latenessMs, isRetry: runs > 1 });
    if (ending.outcome !== 'failed' && ending.outcome !== 'timed_out') return ending;
    const sinceTickMs = parts.clusterClock.nowMs() - due.tick;
    const delayMs = retryDelayMs(run.policies.retry, { attempt, runs, sinceTickMs }, () =>
      parts.random.next(),
    );
    if (delayMs === undefined) return ending;
    parts.observer.observe({
      type: 'retry',
      task: due.task.name,
      tick: due.tick,
      attempt,
      delayMs,
      error: ending.error,
    });
    if (!(await waitToRetry(parts, run, delayMs))) return ending;
    attempt += 1;
    const again = { ...due, attempt, maxLatenessMs: retryWindowMs(run) };
    const claimed = await claimNext(parts, run, again, async (lateMs) =>
      whyNotRepeated(parts, run, lateMs()),
    );
    if (claimed.refusal !== undefined)
      return { ...ending, detail: `not repeated: ${claimed.refusal.detail}` };
    claimId = claimed.claimId;
    latenessMs = parts.clusterClock.nowMs() - due.tick;
  }
}

/** The last look before another attempt: what has happened while it was claimed. */
function whyNotRepeated(parts: RunTickParts, run: RunHere, lateMs: number): Ending | undefined {
  if (parts.isAbandoned() || run.lease.signal.aborted) return { outcome: 'stopped', detail: 'it must stop' };
  if (run.isCancelled) return { outcome: 'cancelled', detail: 'a later tick has come' };
  return lateMs > retryWindowMs(run) ? { outcome: 'misfire', detail: 'the deadline has passed' } : undefined;
}

function retryWindowMs({ policies }: RunHere): number {
  return policies.retry?.deadlineMs ?? 0;
}

/** Whether the attempt is still to be made after the delay. */
async function waitToRetry(parts: RunTickParts, run: RunHere, delayMs: number): Promise<boolean> {
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

const NOT_DUE_ANY_MORE: Ending = {
  outcome: 'stopped',
  detail: 'its task was removed, paused or scheduled anew meanwhile',
};

const PASSED_OVER: Ending = { outcome: 'overlap', detail: 'the run that it waited for took too long' };

function whyNotStarted({ stopped }: RunTickParts): Ending {
  return stopped.aborted
    ? { outcome: 'stopped', detail: 'this instance starts nothing any more' }
    : { outcome: 'overlap', detail: 'the run that it waited for lost its lease' };
}

async function releaseLock(parts: RunTickParts, lease: Lease): Promise<void> {
  try {
    await parts.locks.release([lease.lock]);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: release' });
  }
}

function report(
  parts: Pick<RunTickParts, 'instanceId' | 'report'>,
  { task, tick }: DueTick,
  ending: Ending,
): void {
  parts.report({ task: task.name, tick, instanceId: parts.instanceId, ...ending });
}
