/**
 * One won tick on one instance, top to bottom. The numbers are those of ARCHITECTURE.md: steps 1 to 3 (tick, rank,
 * bid time) are in contest.ts, 4 and 5 (lock, claim) in bid.ts, and here are 6 wait, 7 run and 8 finish.
 */

import { type BidParts, type LockedTick, surrender } from './bid.js';
import type { ClusterClock } from './cluster-clock.js';
import type { LeaseKeeper } from './keep-lease.js';
import { elapsedMs, type Lease, readInstant } from './lease.js';
import type { Outcome, TickReport } from './outcome.js';
import type { TickContext } from './tick-context.js';

export interface RunTickParts extends BidParts {
  readonly clusterClock: ClusterClock;
  readonly keeper: LeaseKeeper;
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Calls `run` with the context in scope; how is the business of the composition root. */
  readonly around: (context: TickContext, run: () => unknown) => unknown;
  /** True once the shutdown has given up waiting: what has not started by then must not start. */
  readonly isAbandoned: () => boolean;
}

/** Waits for the tick, runs its handler under the lease, and says how it ended. Never rejects. */
export async function runTick(parts: RunTickParts, won: LockedTick): Promise<TickReport> {
  const { due, lease } = won;

  // 6 wait
  const latenessMs = latenessOf(parts, won);
  await parts.clusterClock.wakeExactlyAt(due.tick);
  const refusal = refuseToStart(parts, won, latenessMs());
  if (refusal !== undefined) {
    await surrender(parts, [won]);
    return report(parts, won, refusal);
  }

  // 7 run
  const ending = await parts.keeper.during(lease, () => callHandler(parts, won, latenessMs()));

  // 8 finish
  await releaseLock(parts, lease);
  return report(parts, won, ending);
}

type Ending = Pick<TickReport, 'outcome' | 'error' | 'detail' | 'latenessMs' | 'durationMs'>;

/** How late `tick` is, asked again and again, counted from its bid on. A machine that is suspended meanwhile stops the cluster clock. */
function latenessOf({ clock, clusterClock }: RunTickParts, { due, begin }: LockedTick): () => number {
  const { attempt, clusterMs } = begin;
  return () => Math.max(clusterClock.nowMs(), clusterMs + elapsedMs(attempt, readInstant(clock))) - due.tick;
}

/** Why a won tick is not started after all: the last look before the point of no return. */
function refuseToStart(parts: RunTickParts, { due, lease }: LockedTick, lateMs: number): Ending | undefined {
  parts.keeper.doubtIfPresenceLost(lease);
  if (lateMs > due.maxLatenessMs) {
    return { outcome: 'misfire', detail: `${Math.round(lateMs)} ms late, limit ${due.maxLatenessMs} ms` };
  }
  if (parts.isAbandoned()) return { outcome: 'stopped', detail: 'the shutdown did not wait for it' };
  if (!lease.isTrusted()) return { outcome: 'no_quorum', detail: 'the lease ran out before the start' };
  return undefined;
}

async function callHandler(parts: RunTickParts, won: LockedTick, latenessMs: number): Promise<Ending> {
  const { due, lease } = won;
  const context = contextOf(parts, won);
  const startedMs = parts.clock.monotonicMs();
  const timing = () => ({ latenessMs, durationMs: parts.clock.monotonicMs() - startedMs });
  try {
    const running = call(parts, won, context);
    // After the call: whatever an observer does must not widen the gap between the last look and the start.
    parts.observer.observe({ type: 'started', task: due.task.name, tick: due.tick, latenessMs });
    await running;
    lease.assertHeld();
    return lease.signal.aborted
      ? { ...timing(), outcome: 'aborted', error: lease.signal.reason }
      : { ...timing(), outcome: 'success' };
  } catch (error) {
    const outcome: Outcome = lease.signal.aborted || !lease.isTrusted() ? 'aborted' : 'failed';
    return { ...timing(), outcome, error };
  }
}

/** Runs the handler up to its first await; what it throws on the way is a rejection too. */
async function call(parts: RunTickParts, { due }: LockedTick, context: TickContext): Promise<unknown> {
  return parts.around(context, () => due.task.handler(context));
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
    payload: due.task.payload,
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
