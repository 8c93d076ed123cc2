/**
 * One won tick on one instance, top to bottom. The numbers are those of ARCHITECTURE.md: steps 1 to 3 (tick, rank,
 * bid time) are in contest.ts, 4 and 5 (lock, claim) in bid.ts, and here are 6 wait, 7 run and 8 finish.
 */

import { type BidParts, type LockedTick, surrender } from './bid.js';
import type { ClusterClock } from './cluster-clock.js';
import type { LeaseKeeper } from './keep-lease.js';
import type { Lease } from './lease.js';
import type { Outcome, TickReport } from './outcome.js';
import type { TickContext } from './tick-context.js';

export interface RunTickParts extends BidParts {
  readonly clusterClock: ClusterClock;
  readonly keeper: LeaseKeeper;
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Calls `run` with the context in scope; how is the business of the composition root. */
  readonly around: (context: TickContext, run: () => unknown) => unknown;
}

/** Waits for the tick, runs its handler under the lease, and says how it ended. Never rejects. */
export async function runTick(parts: RunTickParts, won: LockedTick): Promise<TickReport> {
  const { due, lease } = won;

  // 6 wait
  await parts.clusterClock.wakeExactlyAt(due.tick);
  const refusal = refuseToStart(parts, won);
  if (refusal !== undefined) {
    await surrender(parts, [won]);
    return report(parts, won, refusal);
  }

  // 7 run
  const startedMs = parts.clock.monotonicMs();
  const latenessMs = parts.clusterClock.nowMs() - due.tick;
  parts.observer.observe({ type: 'started', task: due.task.name, tick: due.tick, latenessMs });
  const ending = await parts.keeper.during(lease, () => callHandler(parts, won));

  // 8 finish
  const durationMs = parts.clock.monotonicMs() - startedMs;
  await releaseLock(parts, lease);
  return report(parts, won, { ...ending, latenessMs, durationMs });
}

type Ending = Pick<TickReport, 'outcome' | 'error' | 'detail' | 'latenessMs' | 'durationMs'>;

/** Why a won tick is not started after all: the last look before the point of no return. */
function refuseToStart(parts: RunTickParts, { due, lease }: LockedTick): Ending | undefined {
  const lateMs = parts.clusterClock.nowMs() - due.tick;
  if (lateMs > due.maxLatenessMs) {
    return { outcome: 'misfire', detail: `${Math.round(lateMs)} ms late, limit ${due.maxLatenessMs} ms` };
  }
  if (!lease.isTrusted()) return { outcome: 'no_quorum', detail: 'the lease ran out before the start' };
  return undefined;
}

async function callHandler(parts: RunTickParts, won: LockedTick): Promise<Ending> {
  const context = contextOf(parts, won);
  const { signal } = won.lease;
  try {
    await parts.around(context, () => won.due.task.handler(context));
    won.lease.assertHeld();
    return signal.aborted ? { outcome: 'aborted', error: signal.reason } : { outcome: 'success' };
  } catch (error) {
    const outcome: Outcome = signal.aborted || !won.lease.isTrusted() ? 'aborted' : 'failed';
    return { outcome, error };
  }
}

function contextOf(parts: RunTickParts, { due, lease }: LockedTick): TickContext {
  return Object.freeze({
    task: due.task.name,
    tick: due.tick,
    // The tick itself is the token: wins of a task are ordered by tick through the node that two majorities share.
    fencingToken: due.tick,
    idempotencyKey: parts.idempotencyKey(due.task.name, due.tick),
    attempt: 1,
    instanceId: parts.instanceId,
    signal: lease.signal,
    remainingMs: () => lease.remainingMs(),
    assertHeld: () => lease.assertHeld(),
  });
}

async function releaseLock(parts: RunTickParts, lease: Lease): Promise<void> {
  try {
    await parts.locks.release([lease.lock]);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: release' });
  }
}

function report(parts: RunTickParts, { due }: LockedTick, ending: Ending): TickReport {
  return { task: due.task.name, tick: due.tick, instanceId: parts.instanceId, ...ending };
}
