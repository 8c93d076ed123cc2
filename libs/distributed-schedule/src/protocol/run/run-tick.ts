/** One won tick, top to bottom, and what its end starts. Steps as in ARCHITECTURE.md: 6 wait, 7 run, 8 finish. */

import { keepEnds, toRelease } from '../bid/keep-ends.js';
import type { LockedTick } from '../bid/locked-tick.js';
import { surrender } from '../bid/surrender.js';
import { Stop, type StopSignal } from '../contract/stop.js';
import type { Lease } from '../lease/lease.js';
import { runAttempts } from './attempts.js';
import { closeTicks } from './claim-again.js';
import { tellWhenItsTimeComes } from './hand-to-run.js';
import { latenessSince, whyNotStarted } from './last-look.js';
import { nextTick, type Start } from './next-tick.js';
import { RunChain } from './run-chain.js';
import type { RunParts } from './run-parts.js';
import { type Ending, endAs, tellEnds } from './tick-end.js';

/** Waits, runs the handler under the lease, goes on with what its end starts, and reports each. Rejects only where a schedule throws. */
export async function runTick(parts: RunParts, won: LockedTick): Promise<void> {
  const { due, lease, claim, contested } = won;

  // 6 wait
  const latenessMs = latenessSince(parts, won.bidAt, due.tick);
  if (parts.clusterClock.nowMs() < due.tick) await parts.clusterClock.wakeExactlyAt(due.tick);
  const refusal = whyNotStarted(parts, won, latenessMs());
  if (refusal !== undefined) return giveUpTick(parts, won, refusal);

  // 7 run
  const first = { due, claimId: claim.claimId };
  const chain = new RunChain(due.task, lease, first);
  parts.chains.add(chain);
  if (contested !== undefined) {
    tellEnds(parts, chain.takeOn(contested));
    tellWhenItsTimeComes(parts, chain, contested);
  }
  const leaveBehind = (): void => tellEnds(parts, chain.leaveBehind(parts.stopped.aborted));
  // If the handler ignores its signal, the waiting ticks are reported now and not when it returns.
  lease.signal.addEventListener('abort', leaveBehind, { once: true });
  let lock: 'over' | 'goes_on' = 'over';
  try {
    lock = await parts.keeper.during(lease, () =>
      runChain(parts, chain, { ...first, latenessMs: latenessMs() }),
    );
  } finally {
    // 8 finish, also where a schedule throws between two runs: the lock must not stand, nor the waiting ticks go without a word.
    lease.signal.removeEventListener('abort', leaveBehind);
    parts.chains.delete(chain);
    if (lock === 'over') await parts.locks.release([toRelease(lease)]);
    leaveBehind();
  }
}

/** Runs ticks under the lease until nothing is left, and closes them. Says what becomes of the lock. */
async function runChain(parts: RunParts, chain: RunChain, first: Start): Promise<'over' | 'goes_on'> {
  for (let start = first; ; ) {
    tellEnds(parts, chain.begin(start));
    const ending = await runAttempts(parts, chain, start);
    // No release follows soon, and this instance may die while it claims what is next.
    if (chain.givenUp !== undefined || chain.isFollowed) parts.track(keepEnds(parts, chain.lease));
    chain.ended(ending.outcome, parts.clusterClock.nowMs());
    const next = await nextTick(parts, chain);
    if (next !== undefined) {
      parts.track(keepEnds(parts, chain.lease));
      start = next;
      continue;
    }
    await closeTicks(parts, chain, ending.outcome === 'aborted');
    return chain.givenUp === undefined ? 'over' : untilLeaseIsOver(parts, chain.lease, chain.givenUp);
  }
}

/** A won tick that is not started after all. */
async function giveUpTick(parts: RunParts, won: LockedTick, refusal: Ending): Promise<void> {
  const { due, lease, claim, contested } = won;
  // Others were told that this instance has it.
  lease.claims?.noteNoRun(claim);
  await surrender(parts, [won]);
  // Its end went with the release.
  parts.ownClaims.takeLeftBehind(claim);
  // What was looked back on has ended here before.
  const isItsTurn = due.because === undefined || due.because === 'due';
  if (isItsTurn || contested !== undefined) tellEnds(parts, endAs(refusal, contested ?? due));
}

/** Until a given-up lease runs out, its handler returns, or we stop. `goes_on`: the handler does, so the lock must not be released. */
async function untilLeaseIsOver(
  { clock, stopped }: Pick<RunParts, 'clock' | 'stopped'>,
  lease: Lease,
  /** Aborts when the handler has returned. */
  returned: StopSignal,
): Promise<'over' | 'goes_on'> {
  const woken = new Stop();
  const wake = (): void => woken.abort('woken');
  for (const signal of [returned, stopped]) signal.addEventListener('abort', wake, { once: true });
  const goesOn = (): boolean => !returned.aborted && lease.isTrusted();
  // A renewal that was on its way may have moved the end.
  while (goesOn() && !stopped.aborted) await clock.sleepUntil(lease.trustedUntilMs, woken);
  for (const signal of [returned, stopped]) signal.removeEventListener('abort', wake);
  const lock = goesOn() ? 'goes_on' : 'over';
  lease.lose('its run was given up');
  return lock;
}
