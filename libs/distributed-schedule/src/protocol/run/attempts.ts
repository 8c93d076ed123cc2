/** The attempts at one tick under one lease, and when each of them is told. Step 7. */

import { keepEnds } from '../bid/keep-ends.js';
import type { DueTick } from '../contract/due-tick.js';
import { Stop } from '../contract/stop.js';
import { type EndedAttempt, runAttempt } from './attempt.js';
import { claimNext } from './claim-again.js';
import { countOf, type Made, mayRepeat, nextAttempt } from './next-attempt.js';
import type { Start } from './next-tick.js';
import type { RunChain } from './run-chain.js';
import type { RunParts } from './run-parts.js';
import { type Ending, endAs, tellEnds } from './tick-end.js';

const STILL_PENDING = 'another attempt was still at its job';

/** Makes attempts until one succeeds or none is left, and reports the tick. `aborted`: the tick is left to a retake. */
export async function runAttempts(parts: RunParts, chain: RunChain, start: Start): Promise<Ending> {
  for (let now: Made = { ...start, attempt: start.due.attempt ?? 1, made: 1, pauses: 0 }; ; ) {
    const told = { isTold: false };
    const { ending, open } = await attemptOnce(parts, chain, now, told);
    const end = (last: Ending): Ending => {
      // Reported before the next tick is claimed: a slow observer must not delay its start.
      if (!told.isTold) tellEnd(parts, chain, now.due, last);
      return last;
    };
    if (ending.outcome !== 'failed' && ending.outcome !== 'timed_out') return end(ending);
    const next = nextAttempt(parts, chain.policies, now, ending);
    const { delayMs, windowMs, isPending } = next;
    if (delayMs === undefined || told.isTold)
      return end(isPending ? { ...ending, detail: STILL_PENDING } : ending);
    const { due, attempt } = now;
    const { error } = ending;
    parts.observer.observe({ type: 'retry', task: due.task.name, tick: due.tick, attempt, delayMs, error });
    const again = { ...due, attempt: attempt + 1, maxLatenessMs: windowMs };
    const claimed = await parts.register.whileWaiting(open, async () =>
      (await waitToRetry(parts, chain, delayMs))
        ? claimNext(parts, chain, again, async (lateMs) => whyNotRepeated(parts, chain, windowMs - lateMs()))
        : undefined,
    );
    if (claimed?.claimId === undefined)
      return end(notRepeated(chain, ending, { isPending, refusal: claimed?.refusal }));
    now = {
      due,
      attempt: again.attempt,
      claimId: claimed.claimId,
      latenessMs: parts.clusterClock.nowMs() - due.tick,
      made: now.made + 1,
      pauses: now.pauses + (isPending ? 1 : 0),
    };
  }
}

/** One call of the handler. If no other may follow, its end is told when its time is over, not when it returns. */
function attemptOnce(
  parts: RunParts,
  chain: RunChain,
  now: Made,
  told: { isTold: boolean },
): Promise<EndedAttempt> {
  const { due, attempt, claimId, latenessMs, made } = now;
  return runAttempt(parts, chain, {
    ...{ due, attempt, claimId, latenessMs, isRetry: made > 1 },
    onTimedOut: (timedOut) => {
      const sinceTickMs = parts.clusterClock.nowMs() - due.tick;
      const mayBeRepeated = mayRepeat(parts.stopped.aborted, chain.policies, {
        ...countOf(now),
        sinceTickMs,
      });
      // With the last attempt the verdict cannot change any more, whenever its handler returns.
      if (!mayBeRepeated) {
        tellEnd(parts, chain, due, { ...timedOut, goesOn: true });
        parts.track(keepEnds(parts, chain.lease));
      }
      told.isTold = !mayBeRepeated;
      return mayBeRepeated;
    },
  });
}

/** How a tick ends whose next attempt was due, and is not made here. */
function notRepeated(
  chain: RunChain,
  ending: Ending,
  { isPending, refusal }: { readonly isPending: boolean; readonly refusal: Ending | undefined },
): Ending {
  const isForOthers = refusal === undefined || LEFT_TO_OTHERS.has(refusal.outcome);
  // Not closed, so that the next holder of the lock retakes it.
  if (isPending && isForOthers && !chain.isCancelled)
    return { ...ending, outcome: 'aborted', detail: 'its job is pending, and left to a retake' };
  return refusal === undefined ? ending : { ...ending, detail: `not repeated: ${refusal.detail}` };
}

/** This instance stops, its lease is over, or no majority answers. */
const LEFT_TO_OTHERS: ReadonlySet<string> = new Set<Ending['outcome']>(['stopped', 'no_quorum']);

/** A reported attempt has ended for the audit: it is never told as lost, even if its handler never returns. */
function tellEnd(parts: RunParts, { lease }: RunChain, due: DueTick, ending: Ending): void {
  lease.claims?.ended(ending.outcome);
  tellEnds(parts, endAs(ending, due));
}

/** The last look before another attempt: what has happened while it was claimed. */
function whyNotRepeated(parts: RunParts, chain: RunChain, leftMs: number): Ending | undefined {
  if (parts.isAbandoned() || chain.lease.signal.aborted)
    return { outcome: 'stopped', detail: 'it must stop' };
  if (chain.isCancelled) return { outcome: 'cancelled', detail: 'a later tick has come' };
  return leftMs < 0 ? { outcome: 'misfire', detail: 'the deadline has passed' } : undefined;
}

/** Whether the attempt is still to be made after the delay. */
async function waitToRetry(parts: RunParts, chain: RunChain, delayMs: number): Promise<boolean> {
  const { clock } = parts;
  const given = new Stop();
  const giveUp = (): void => given.abort('given up');
  chain.onCancel(giveUp);
  chain.lease.signal.addEventListener('abort', giveUp, { once: true });
  parts.stopped.addEventListener('abort', giveUp, { once: true });
  if (chain.lease.signal.aborted || parts.stopped.aborted) giveUp();
  const untilMs = clock.monotonicMs() + delayMs;
  while (!given.aborted && clock.monotonicMs() < untilMs) await clock.sleepUntil(untilMs, given);
  chain.onCancel(undefined);
  chain.lease.signal.removeEventListener('abort', giveUp);
  parts.stopped.removeEventListener('abort', giveUp);
  return !given.aborted && chain.lease.isTrusted();
}
