/** Step 4 of a bid: the run locks of all its ticks, in one message per node. */

import type { DueTick } from '../contract/due-tick.js';
import type { CarriedClaims, Claim, LockVerdict } from '../contract/ports.js';
import { closingInstant } from '../contract/task-policies.js';
import { Lease, trustMs } from '../lease/lease.js';
import { LeaseClaims } from '../lease/lease-claims.js';
import { runLockOf } from '../lease/run-lock.js';
import { readClocks } from '../time/clock-reading.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, withoutLock } from './bid-verdict.js';
import type { BidMoment, LockedTick } from './locked-tick.js';

/** A lock that arrives with less than this share of its trust left is not worth a run: it would abort at once. */
const MIN_TRUST_SHARE = 0.5;

/** A tick that is bid for, with the claim that is to win it. */
export interface AskedTick {
  readonly due: DueTick;
  readonly claim: Claim;
}

/** One step per tick, in order: locked, or why not. @param carried claims that go with the messages */
export async function lockTicks(
  parts: BidParts,
  asked: readonly AskedTick[],
  carried?: CarriedClaims,
): Promise<readonly (LockedTick | BidVerdict)[]> {
  // Read before the call: trust counts from the start of the attempt, see lease.ts.
  const bidAt: BidMoment = {
    askedAt: readClocks(parts.clock),
    clusterMs: parts.clusterClock.nowMs(),
    namedIds: parts.electorate?.namedIds?.(),
  };
  const locks = asked.map(({ due: { task, tick } }) => runLockOf(task, tick));
  const verdicts = await parts.locks.tryAcquire(locks, parts.options.leaseTtlMs, carried);
  return asked.map((one, index) => toStep(parts, one, verdicts[index], bidAt));
}

function toStep(
  parts: BidParts,
  { due, claim }: AskedTick,
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
  return { due, lease, bidAt, claim };
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
