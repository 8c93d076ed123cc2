/** One call of a handler: its context, its signal, and how it ended. Step 7. */

import type { DueTick } from '../contract/due-tick.js';
import { Stop } from '../contract/stop.js';
import type { TickContext } from '../contract/tick-context.js';
import type { Lease } from '../lease/lease.js';
import { contextOf } from './attempt-context.js';
import { AttemptSignal } from './attempt-signal.js';
import type { RunChain } from './run-chain.js';
import { type LimitedAttempt, type Watched, watchGiveUp, watchTimeout } from './run-limits.js';
import type { RunParts } from './run-parts.js';
import type { OpenRun } from './run-register.js';
import type { Ending } from './tick-end.js';

export interface Attempt extends LimitedAttempt {
  /** Of the claim that won this attempt. */
  readonly claimId: string;
  /** Whether another attempt at the same tick was made here before. */
  readonly isRetry: boolean;
}

/** An attempt, and how it ended. */
export interface EndedAttempt {
  readonly open: OpenRun;
  readonly ending: Ending;
}

/** Runs the handler once, until it returns or is given up. Never rejects. */
export async function runAttempt(parts: RunParts, chain: RunChain, given: Attempt): Promise<EndedAttempt> {
  const { due, attempt, latenessMs, isRetry } = given;
  const signal = new AttemptSignal(chain.lease, parts.newController);
  const context = contextOf(parts, chain.lease, given, signal);
  const open = parts.register.begin(context, parts.clusterClock.nowMs());
  signal.onAbort = (outcome) => {
    open.state = outcome;
  };
  const startedMs = parts.clock.monotonicMs();
  const lastedMs = (): number => parts.clock.monotonicMs() - startedMs;
  const ended = new Stop();
  chain.onCancel((reason) => signal.abort('cancelled', reason));
  const hasReturned = (how: Returned): Returned => {
    ended.abort('ended');
    parts.register.end(open);
    return how;
  };
  // Behind all handlers that start at this moment, so that a slow observer delays none of them; ahead of this one's end.
  void Promise.resolve().then(() => {
    const task = due.task.name;
    parts.observer.observe({ type: 'started', task, tick: due.tick, attempt, isRetry, latenessMs });
  });
  const atEnd = call(parts, due, context).then(
    () => hasReturned(RETURNED),
    (error: unknown) => hasReturned({ thrown: { error } }),
  );
  const watched: Watched = { parts, chain, given, open, signal, startedMs, ended };
  watchTimeout(watched);
  const gaveUp = watchGiveUp(watched);
  const how = await (gaveUp === undefined ? atEnd : Promise.race([atEnd, gaveUp]));
  chain.onCancel(undefined);
  signal.dispose();
  const ending = how === 'given_up' ? signal.givenUp(chain.lease) : endingOf(chain.lease, signal, how);
  const durationMs = lastedMs();
  const toldMs = open.told === 'timed_out' ? (chain.policies.timeoutMs ?? 0) : durationMs;
  // The caller tells it now.
  if (how === 'given_up') open.told ??= ending.outcome;
  if (open.told !== undefined) void atEnd.then((late) => tellLateEnd(watched, late, lastedMs(), toldMs));
  const goesOn = how === 'given_up' && { goesOn: true };
  // What was given up is told before its handler's late end, which may come at any time.
  const itsTurn = how === 'given_up' ? undefined : parts.portions?.enter();
  if (itsTurn !== undefined) await itsTurn;
  return { open, ending: { ...ending, attempt, latenessMs, durationMs, ...goesOn } };
}

/** How a handler has come back. */
interface Returned {
  readonly thrown?: { readonly error: unknown };
}

const RETURNED: Returned = {};

function endingOf(
  lease: Lease,
  signal: AttemptSignal,
  { thrown }: Returned,
): Pick<Ending, 'outcome' | 'error'> {
  if (thrown !== undefined) return failed(lease, signal, thrown.error);
  try {
    lease.assertHeld();
  } catch (error) {
    return failed(lease, signal, error);
  }
  return signal.outcome === undefined
    ? { outcome: 'success' }
    : { outcome: signal.outcome, error: signal.reason };
}

function failed(lease: Lease, signal: AttemptSignal, error: unknown): Pick<Ending, 'outcome' | 'error'> {
  if (!lease.isTrusted()) return { outcome: 'aborted', error };
  switch (signal.outcome) {
    case undefined:
      return { outcome: 'failed', error };
    case 'aborted':
      return { outcome: 'aborted', error };
    default:
      // What a handler throws when it is told to stop is mostly the signal's own reason, wrapped.
      return { outcome: signal.outcome, error: signal.reason };
  }
}

/** Runs the handler up to its first await; what it throws on the way is a rejection too. */
function call(parts: RunParts, due: DueTick, context: TickContext): Promise<unknown> {
  try {
    return Promise.resolve(parts.around(context, () => due.task.handler(context)));
  } catch (error) {
    return Promise.reject(error);
  }
}

function tellLateEnd(
  { parts, given, open }: Watched,
  { thrown }: Returned,
  lastedMs: number,
  toldMs: number,
): void {
  const { due, attempt } = given;
  parts.observer.observe({
    type: 'late_end',
    task: due.task.name,
    tick: due.tick,
    attempt,
    outcome: open.told ?? 'given_up',
    hasThrown: thrown !== undefined,
    error: thrown?.error,
    durationMs: lastedMs,
    sinceToldMs: Math.max(0, lastedMs - toldMs),
  });
}
