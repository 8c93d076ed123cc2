/**
 * Steps 4 and 5 for all ticks of one moment, lock, then claim: one message per node and step.
 * Policies that look back read the ledger in between: under the lock, a claimed tick without an end is nobody's.
 */

import type { DueTick } from '../contract/due-tick.js';
import type { LockVerdict } from '../contract/ports.js';
import { closingInstant } from '../contract/task-policies.js';
import { Lease, trustMs } from '../lease/lease.js';
import { LeaseClaims } from '../lease/lease-claims.js';
import { runLockOf } from '../lease/run-lock.js';
import { newClaim } from '../ledger/claim-id.js';
import type { GuardedLedger } from '../ledger/guarded-ports.js';
import { readClocks } from '../time/clock-reading.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, NO_VERDICT, withoutBid, withoutLock } from './bid-verdict.js';
import { chooseStarts, isLocked } from './choose-starts.js';
import { claimAll } from './claim-batch.js';
import { toRelease } from './keep-ends.js';
import type { BidMoment, LockedTick } from './locked-tick.js';

/** A lock that arrives with less than this share of its trust left is not worth a run: it would abort at once. */
const MIN_TRUST_SHARE = 0.5;

/** What may be bid for together: everything, but for tasks that run once, which are each on their own. */
export function inBatches<T>(
  ledger: Pick<GuardedLedger, 'runsOnce'>,
  ticks: readonly T[],
  dueOf: (tick: T) => DueTick,
): readonly (readonly T[])[] {
  const alone = ticks.filter((tick) => ledger.runsOnce(dueOf(tick).task.name));
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
  const bidAt: BidMoment = {
    askedAt: readClocks(parts.clock),
    clusterMs: parts.clusterClock.nowMs(),
    namedIds: parts.electorate?.namedIds?.(),
  };

  // 4 lock
  const runLocks = batch.map(({ task, tick }) => runLockOf(task, tick));
  const lockVerdicts = await parts.locks.tryAcquire(runLocks, parts.options.leaseTtlMs);
  const acquired = batch.map((due, index) => toLockedTick(parts, due, lockVerdicts[index], bidAt));
  const steps = await chooseStarts(parts, acquired);

  // 5 claim
  const verdicts = await claimAll(parts, steps.filter(isLocked), {
    start,
    // Not awaited: winners must not wait for losers' messages, which have left and are not overtaken on their connection.
    giveUp: (losers, standing) => parts.track(surrender(parts, losers, standing)),
  });
  return steps.map((step) => (isLocked(step) ? (verdicts.get(step) ?? NO_VERDICT) : step));
}

/** Only for ticks that this instance will never run: somebody else may win a claim the moment it is given back. */
export async function surrender(
  parts: BidParts,
  ticks: readonly LockedTick[],
  /** Those of them whose claim may stand on some node. */
  standing: readonly LockedTick[] = ticks,
): Promise<void> {
  const mayStand = new Set(standing);
  for (const tick of ticks) parts.ownClaims.surrendered(tick.claim, mayStand.has(tick));
  // Both sent now: a later bid of this instance must find neither its own old lock nor its own old claim.
  await Promise.all([
    standing.length > 0 ? parts.ledger.giveBack(standing.map(({ claim }) => claim)) : undefined,
    ticks.length > 0 ? parts.locks.release(ticks.map(({ lease }) => toRelease(lease))) : undefined,
  ]);
}

function toLockedTick(
  parts: BidParts,
  due: DueTick,
  verdict: LockVerdict | undefined,
  bidAt: BidMoment,
): LockedTick | BidVerdict {
  if (verdict?.kind !== 'acquired') return withoutLock(verdict);
  const terms = { ttlMs: parts.options.leaseTtlMs, driftFactor: parts.options.driftFactor };
  const { askedAt } = bidAt;
  const claims = claimsOf(parts, due, () => lease.tick);
  const knowledge = { claims, grants: verdict.grants };
  const lease = new Lease(verdict.lock, due.tick, parts.clock, terms, askedAt, knowledge);
  if (lease.remainingMs() < trustMs(terms.ttlMs, terms.driftFactor) * MIN_TRUST_SHARE) {
    parts.track(parts.locks.release([verdict.lock]));
    return { kind: 'open', outcome: 'no_quorum', detail: 'the lock arrived with too little trust left' };
  }
  return { due, lease, bidAt, claim: newClaim(parts, due) };
}

function claimsOf({ ledger }: BidParts, { task }: DueTick, tickOf: () => number): LeaseClaims | undefined {
  const line = ledger.lineOf(task.name);
  if (line === undefined) return undefined;
  const mayOverlap = task.policies?.overlap === 'allow';
  return new LeaseClaims({
    line,
    ...(mayOverlap && { lastInstant: () => closingInstant(tickOf()) }),
  });
}
