/**
 * Steps 4 and 5 of one tick on one instance: the lock, then the claim, for every tick that this instance bids for
 * at one moment. One message per node and step, whatever the number of ticks. For tasks whose policies look back there is
 * a look into the ledger in between: with the lock in hand, what is claimed and has not ended is nobody's any more.
 */

import type { BidBegin, DueTick, LockedTick } from '../contract/due-tick.js';
import type { BidGate } from '../contract/electorate-view.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type {
  Clock,
  HeldLock,
  LockProvider,
  LockVerdict,
  PeekVerdict,
  Random,
  TickLedger,
} from '../contract/ports.js';
import { closingInstant, looksBack } from '../contract/task-policies.js';
import type { LeaseKeeper } from '../lease/keep-lease.js';
import { Lease, trustMs } from '../lease/lease.js';
import { LeaseClaims } from '../lease/lease-claims.js';
import { runLockOf } from '../lease/run-lock.js';
import { newClaim } from '../ledger/claim-id.js';
import type { ProtocolOptions } from '../options/protocol-options.js';
import { decideStart } from '../policies/next-start.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import { readInstant } from '../time/instant.js';
import {
  type BidVerdict,
  ENDED_HERE,
  NO_VERDICT,
  OWN_CLAIM_STANDS,
  withoutBid,
  withoutLock,
} from './bid-verdict.js';
import { claimAll } from './claim-batch.js';
import { toRelease } from './keep-ends.js';
import { movedPast } from './moved-past.js';
import { type OwnClaims, whoseClaim } from './own-claims.js';

export interface BidParts {
  readonly instanceId: string;
  readonly options: ProtocolOptions;
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs'>;
  readonly random: Random;
  readonly locks: LockProvider;
  readonly ledger: TickLedger;
  readonly observer: ScheduleObserver;
  readonly ownClaims: OwnClaims;
  readonly keeper: Pick<LeaseKeeper, 'doubtIfPresenceLost'>;
  /** Aborts when this instance must not start anything any more. */
  readonly stopped: AbortSignal;
  /** What a shutdown waits for: a message that is not awaited here would be lost with the connections. */
  readonly track: (work: Promise<unknown>) => void;
  /** Whether the nodes of this instance vote for it. Absent: they do. */
  readonly electorate?: Pick<BidGate, 'mayBid' | 'status' | 'namedIds'>;
}

/** A lock that arrives with less than this share of its trust left is not worth a run: it would abort at once. */
const LEAST_TRUST_SHARE = 0.5;

const NOTHING_KNOWN: BidVerdict = {
  kind: 'open',
  outcome: 'no_quorum',
  detail: 'no majority has told what was claimed before',
};

const NOTHING_TO_START: BidVerdict = { kind: 'over', outcome: 'taken', detail: 'nothing is left to start' };

/** What may be bid for together: everything, but for tasks that run once, which are each on their own. */
export function inBatches<T>(
  ledger: TickLedger,
  ticks: readonly T[],
  dueOf: (tick: T) => DueTick,
): readonly (readonly T[])[] {
  const alone = ticks.filter((tick) => ledger.runsOnce?.(dueOf(tick).task.name) === true);
  const together = ticks.filter((tick) => !alone.includes(tick));
  return [...(together.length > 0 ? [together] : []), ...alone.map((tick) => [tick])];
}

/** Bids for every tick of the batch, and starts each that is won at once. One verdict each, in order; never rejects. */
export async function bidForTicks(
  parts: BidParts,
  batch: readonly DueTick[],
  start: (won: LockedTick) => void,
): Promise<readonly BidVerdict[]> {
  const refusal = parts.electorate?.mayBid();
  if (refusal !== undefined) return batch.map(() => withoutBid(refusal));
  // Read before the call: trust counts from the start of the attempt, see lease.ts.
  const begin: BidBegin = {
    attempt: readInstant(parts.clock),
    clusterMs: parts.clusterClock.nowMs(),
    namedIds: parts.electorate?.namedIds?.(),
  };

  // 4 lock
  const lockVerdicts = await askForLocks(parts, batch);
  const acquired = batch.map((due, index) => toLockedTick(parts, due, lockVerdicts[index], begin));
  const steps = await lookBack(parts, acquired);

  // 5 claim
  const verdicts = await claimAll(parts, steps.filter(isLocked), {
    start,
    // Not awaited: the winners of the batch must not wait for the losers' messages. They have been sent when this
    // returns, and no later message of this instance overtakes them on the same connection.
    giveUp: (losers, standing) => parts.track(surrender(parts, losers, standing)),
  });
  return steps.map((step) => (isLocked(step) ? (verdicts.get(step) ?? NO_VERDICT) : step));
}

/**
 * Gives back the claims and the locks of ticks that this instance will never run. Only for the owner, and only
 * after that decision: a claim that was given back may be won by somebody else the next moment.
 */
export async function surrender(
  parts: BidParts,
  ticks: readonly LockedTick[],
  /** Those of them whose claim may stand on some node. */
  standing: readonly LockedTick[] = ticks,
): Promise<void> {
  const mayStand = new Set(standing);
  for (const tick of ticks) parts.ownClaims.gaveUp(tick.claim, mayStand.has(tick));
  try {
    // Both sent now: a later bid of this instance must find neither its own old lock nor its own old claim.
    await Promise.all([
      standing.length > 0 ? parts.ledger.giveBack(standing.map(({ claim }) => claim)) : undefined,
      ticks.length > 0 ? parts.locks.release(ticks.map(({ lease }) => toRelease(lease))) : undefined,
    ]);
  } catch (error) {
    // Nothing is lost: the lock expires, and the claim stands for a tick that nobody runs.
    parts.observer.observe({ type: 'error', error, where: 'giving back' });
  }
}

function isLocked(step: LockedTick | BidVerdict): step is LockedTick {
  return 'lease' in step;
}

async function askForLocks(parts: BidParts, batch: readonly DueTick[]): Promise<readonly LockVerdict[]> {
  try {
    return await parts.locks.tryAcquire(
      batch.map(({ task, tick }) => runLockOf(task, tick)),
      parts.options.leaseTtlMs,
    );
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: tryAcquire' });
    return [];
  }
}

function toLockedTick(
  parts: BidParts,
  due: DueTick,
  verdict: LockVerdict | undefined,
  begin: BidBegin,
): LockedTick | BidVerdict {
  if (verdict?.kind !== 'acquired') return withoutLock(verdict);
  const terms = { ttlMs: parts.options.leaseTtlMs, driftFactor: parts.options.driftFactor };
  const { attempt } = begin;
  const claims = claimsOf(parts, due, () => lease.tick);
  const lease = new Lease(verdict.lock, due.tick, parts.clock, terms, attempt, {
    claims,
    grants: verdict.grants,
  });
  if (lease.remainingMs() < trustMs(terms.ttlMs, terms.driftFactor) * LEAST_TRUST_SHARE) {
    parts.track(release(parts, [verdict.lock]));
    return { kind: 'open', outcome: 'no_quorum', detail: 'the lock arrived with too little trust left' };
  }
  return { due, lease, begin, claim: newClaim(parts, due) };
}

function claimsOf({ ledger }: BidParts, { task }: DueTick, tickOf: () => number): LeaseClaims | undefined {
  const line = ledger.lineOf?.(task.name);
  if (line === undefined) return undefined;
  const mayOverlap = task.policies?.overlap === 'allow';
  return new LeaseClaims({
    line,
    ...(mayOverlap && { lastInstant: () => closingInstant(tickOf()) }),
  });
}

/** Puts what the task's history wants first in the place of the tick that was bid for. */
async function lookBack(
  parts: BidParts,
  steps: readonly (LockedTick | BidVerdict)[],
): Promise<readonly (LockedTick | BidVerdict)[]> {
  const looking = steps.filter(isLocked).filter(({ due }) => looksBack(due.task.policies));
  if (looking.length === 0) return steps;
  const peeks = await peekNewest(
    parts,
    looking.map(({ due }) => due),
  );
  const planned = new Map(looking.map((locked, index) => [locked, plan(parts, locked, peeks[index])]));
  const idle = looking.filter((locked) => !isLocked(planned.get(locked) ?? locked));
  if (idle.length > 0)
    parts.track(
      release(
        parts,
        idle.map(({ lease }) => lease.lock),
      ),
    );
  return steps.map((step) => (isLocked(step) ? (planned.get(step) ?? step) : step));
}

function plan(parts: BidParts, locked: LockedTick, peek: PeekVerdict | undefined): LockedTick | BidVerdict {
  const { due } = locked;
  // To claim without knowing what comes first could cost all that is to be made up for.
  if (peek === undefined || peek.kind === 'unknown') return NOTHING_KNOWN;
  // A ledger that answers, and cannot tell: its tasks have no past.
  if (peek.newest === undefined) return locked;
  const isItsTurn = due.because === undefined || due.because === 'due';
  const start = decideStart({
    task: due.task,
    newest: peek.newest,
    isFloor: peek.isFloor,
    forgottenUpTo: peek.forgottenUpTo,
    nowMs: parts.clusterClock.nowMs(),
    ...(isItsTurn && { due }),
  });
  // Whether nodes that have forgotten, or are silent, let it be won is for them to say.
  if (start === undefined)
    return isItsTurn && peek.kind === 'open' ? locked : nothingToStart(parts, due, peek);
  if (start === due) return locked;
  locked.lease.moveTo(start.tick);
  return { ...locked, due: start, claim: newClaim(parts, start), ...(isItsTurn && { contested: due }) };
}

function nothingToStart({ ownClaims }: BidParts, due: DueTick, peek: PeekVerdict): BidVerdict {
  const fate = peek.kind === 'taken' ? whoseClaim(ownClaims, due, peek.claimId) : undefined;
  if (fate === 'won') return ENDED_HERE;
  if (fate !== undefined) return OWN_CLAIM_STANDS;
  return peek.setBackMs === undefined
    ? NOTHING_TO_START
    : { kind: 'over', ...movedPast({ setBackMs: peek.setBackMs }) };
}

/** The newest instants of the tasks; nothing where the ledger throws. */
export async function peekNewest(
  parts: Pick<BidParts, 'ledger' | 'observer'>,
  dues: readonly DueTick[],
): Promise<readonly PeekVerdict[]> {
  try {
    return await parts.ledger.peek(dues.map(({ task, tick }) => ({ task: task.name, tick })));
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'tick ledger: peek' });
    return [];
  }
}

async function release(parts: BidParts, locks: readonly HeldLock[]): Promise<void> {
  try {
    await parts.locks.release(locks);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: release' });
  }
}
