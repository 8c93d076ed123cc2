/**
 * One won tick on one instance, top to bottom, and the ticks that its end starts. The numbers are those of ARCHITECTURE.md:
 * steps 1 to 3 (tick, rank, bid time) are in contest.ts, 4 and 5 (lock, claim) in bid.ts, and here are 6 wait, 7 run and
 * 8 finish.
 */

import { surrender } from '../bid/bid.js';
import { keepEnds, toRelease } from '../bid/keep-ends.js';
import type { LockedTick } from '../bid/locked-tick.js';
import type { DueTick } from '../contract/due-tick.js';
import type { LeaseKeeper } from '../lease/keep-lease.js';
import { elapsedMs, readInstant } from '../time/instant.js';
import type { Ending } from './attempt.js';
import { type AttemptsParts, type ClaimedStart, report, runAttempts } from './attempts.js';
import { claimNext, closeTicks, nextMissed } from './claim-again.js';
import { RunHere } from './run-here.js';
import type { RunsHere } from './runs-here.js';

export interface RunTickParts extends AttemptsParts {
  readonly keeper: LeaseKeeper;
  readonly runs: RunsHere;
}

/** Waits for the tick, runs its handler under the lease, goes on with what its end starts, and reports each. Never rejects. */
export async function runTick(parts: RunTickParts, won: LockedTick): Promise<void> {
  const { due, lease, contested } = won;

  // 6 wait
  const latenessMs = latenessOf(parts, won);
  await parts.clusterClock.wakeExactlyAt(due.tick);
  const refusal = refuseToStart(parts, won, latenessMs());
  if (refusal !== undefined) {
    // Others were told that this instance has it.
    lease.claims?.over(won.claim);
    await surrender(parts, [won]);
    // Its end went with the release.
    parts.ownClaims.takeLeftBehind(won.claim);
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
    for (const waiting of run.leftOver()) report(parts, waiting, whyNotStarted(parts, run));
  };
  // A handler that does not hear its signal must not keep the word of those that wait for it.
  lease.signal.addEventListener('abort', leaveBehind, { once: true });
  await parts.keeper.during(lease, () =>
    runAll(parts, run, { due, claimId: won.claim.claimId, latenessMs: latenessMs() }),
  );
  lease.signal.removeEventListener('abort', leaveBehind);
  parts.runs.delete(run);

  // 8 finish
  await releaseLock(parts, run);
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
    // No release follows soon, and this instance may die while it claims what is next.
    if (run.isGivenUp || run.isFollowed) parts.track(keepEnds(parts, run.lease));
    // What has to be made again comes before what is later.
    if (ending.outcome === 'aborted') run.end();
    const next = run.isGivenUp ? undefined : await startNext(parts, run);
    if (next !== undefined) parts.track(keepEnds(parts, run.lease));
    if (next === undefined) {
      await closeTicks(parts, run, ending.outcome === 'aborted');
      if (run.isGivenUp) await run.untilLeaseIsOver(parts.clock, parts.stopped);
      return;
    }
    start = next;
  }
}

/** The tick that starts now, claimed; undefined when none does. */
async function startNext(parts: RunTickParts, run: RunHere): Promise<ClaimedStart | undefined> {
  const { clusterClock } = parts;
  let looksForMissed = run.isCatchingUp;
  const goesOn = (): boolean => run.lease.isTrusted() && !run.lease.signal.aborted;
  while (!run.hasEnded && !parts.stopped.aborted && goesOn()) {
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

const NOT_DUE_ANY_MORE: Ending = {
  outcome: 'stopped',
  detail: 'its task was removed, paused or scheduled anew meanwhile',
};

const PASSED_OVER: Ending = { outcome: 'overlap', detail: 'the run that it waited for took too long' };

function whyNotStarted({ stopped }: RunTickParts, { isGivenUp }: RunHere): Ending {
  if (stopped.aborted) return { outcome: 'stopped', detail: 'this instance starts nothing any more' };
  const why = isGivenUp ? 'was given up' : 'lost its lease';
  return { outcome: 'overlap', detail: `the run that it waited for ${why}` };
}

async function releaseLock(parts: RunTickParts, { lease, leavesLock }: RunHere): Promise<void> {
  if (leavesLock) return;
  try {
    await parts.locks.release([toRelease(lease)]);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: release' });
  }
}
