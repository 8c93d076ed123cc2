/** Claims that are made while the run lock is held: the next attempt, the next tick, and the end of a tick for good. */

import type { BidParts } from '../bid/bid-parts.js';
import { leavesTimeToBid } from '../bid/claim-batch.js';
import { movedPast } from '../bid/moved-past.js';
import { claimUntilDecided } from '../bid/open-claims.js';
import { whoseClaim } from '../bid/own-claims.js';
import type { DueTick } from '../contract/due-tick.js';
import { type LinePast, withClaim } from '../contract/line-past.js';
import type { Claim, ClaimVerdict } from '../contract/ports.js';
import { closingInstant, looksBack } from '../contract/task-policies.js';
import { newClaim } from '../ledger/claim-id.js';
import { decideStart } from '../policies/next-start.js';
import { readClocks } from '../time/clock-reading.js';
import { latenessSince } from './last-look.js';
import type { RunChain } from './run-chain.js';
import type { RunParts } from './run-parts.js';
import type { Ending } from './tick-end.js';

/** Tries of one claim while we hold the lock: nobody else bids for long, so a split vote soon resolves. */
const MAX_VOTES = 3;
/** Bound on all tries together, in calls: longer, and the ticks in line become late. */
const CALLS_WITHIN = 2 * MAX_VOTES;

/** The closing of a tick may come any time after it. */
const ANY_LATENESS_MS = 1e12;

/** The claim under which something may start, or why it may not. */
export type Claimed =
  | { readonly claimId: string; readonly refusal?: undefined }
  | { readonly claimId?: undefined; readonly refusal: Ending };

/** Claims `due` under the lock held here, then asks `lastLook`; where it says no the claim is given back. Never rejects. */
export async function claimNext(
  parts: RunParts,
  chain: RunChain,
  due: DueTick,
  /** Given how late the tick is, by the clock that went on since before the claim. */
  lastLook: (lateMs: () => number) => Promise<Ending | undefined>,
): Promise<Claimed> {
  // Runs that may overlap are told apart by their ticks, whose newer ones may be claimed already.
  const needsClaim = chain.policies.overlap !== 'allow' || (due.attempt ?? 1) === 1;
  const bidAt = { askedAt: readClocks(parts.clock), clusterMs: parts.clusterClock.nowMs() };
  const { claim, refusal } = needsClaim
    ? await claimTick(parts, chain, due, () => !parts.stopped.aborted)
    : {};
  if (refusal !== undefined) return { refusal };
  const lateMs = latenessSince(parts, bidAt, due.tick);
  const why =
    (await lastLook(lateMs)) ??
    (chain.lease.isTrusted()
      ? undefined
      : { outcome: 'no_quorum', detail: 'the lease ran out before the start' });
  if (why === undefined) return { claimId: claim?.claimId ?? chain.claimId };
  if (claim !== undefined) {
    chain.lease.claims?.noteNoRun(claim);
    await giveBack(parts, claim);
  }
  return { refusal: why };
}

/** The oldest tick that is still to be made up for. */
export async function nextMissed(parts: RunParts, chain: RunChain): Promise<DueTick | undefined> {
  const { task, tick, lease, schedule } = chain;
  const past = await pastOf(parts, chain);
  if (past === undefined || schedule === undefined || !lease.isTrusted()) return undefined;
  // The tick that has just run here is not closed yet, and must not be taken for one whose instance died.
  const known = withClaim(past, closingInstant(tick));
  const start = decideStart({ task: { ...task, schedule }, past: known, nowMs: parts.clusterClock.nowMs() });
  return start?.because === 'missed' ? start : undefined;
}

/** Asked again where no majority answers: one lost message must not cost everything that is still to be made up for. */
async function pastOf(parts: RunParts, { task, tick, lease }: RunChain): Promise<LinePast | undefined> {
  for (let votes = 1; ; votes += 1) {
    const [peek] = await parts.ledger.peek([{ task, tick, maxLatenessMs: 0 }]);
    const isUnanswered = peek === undefined || peek.kind === 'unknown';
    if (!isUnanswered || votes >= MAX_VOTES || parts.stopped.aborted)
      return peek?.past.canTell ? peek.past : undefined;
    await parts.clock.sleepUntil(parts.clock.monotonicMs() + parts.options.nodeTimeoutMs, lease.signal);
  }
}

/** Claims the closing instants of what ran or was passed over, before the release: the next holder would start it again. */
export async function closeTicks(parts: RunParts, chain: RunChain, isUnfinished: boolean): Promise<void> {
  const { policies, tick, passedUpTo, task } = chain;
  if (!looksBack(policies) || policies.overlap === 'allow') return;
  // Passed-over ticks stay open while their run is to be retaken: the retake closes them.
  if (policies.recovery === 'retake' && isUnfinished) return;
  const endsTick = policies.recovery === 'retake';
  if (!endsTick && passedUpTo <= tick) return;
  const due = {
    task,
    tick: closingInstant(Math.max(endsTick ? tick : 0, passedUpTo)),
    maxLatenessMs: ANY_LATENESS_MS,
  };
  // Not without trust: a successor may be making its own attempt at the tick.
  if (!chain.lease.isTrusted()) return;
  const { claim } = await claimTick(parts, chain, due, () => true);
  // After a change of the schedule nobody knows that this instant closes a tick.
  if (claim !== undefined) chain.lease.claims?.noteNoRun(claim);
}

async function claimTick(
  parts: RunParts,
  chain: RunChain,
  due: DueTick,
  goesOn: () => boolean,
): Promise<{ readonly claim?: Claim; readonly refusal?: Ending }> {
  // A further attempt has a deadline of its own, which its policy says.
  const isFurther = (due.attempt ?? 1) > 1;
  const withinMs = isFurther ? Number.POSITIVE_INFINITY : CALLS_WITHIN * parts.options.nodeTimeoutMs;
  const lastMs = parts.clock.monotonicMs() + withinMs;
  // Without trust a successor may be making its own attempt.
  const mayGoOn = (): boolean => chain.lease.isTrusted() && parts.clock.monotonicMs() < lastMs && goesOn();
  for (let votes = 1; ; votes += 1) {
    const claim = newClaim(parts, due);
    parts.ownClaims.opened(claim);
    chain.lease.claims?.opened(claim);
    const verdict = await claimOpen(parts, claim, () => mayGoOn() && leavesTimeToBid(parts, due));
    if (verdict?.kind === 'won') {
      parts.ownClaims.won(claim);
      chain.lease.claims?.won(claim);
      return { claim };
    }
    // What it meets is judged by the other claims of this instance, not by itself.
    parts.ownClaims.setAside(claim);
    const isOwn =
      verdict?.kind === 'taken' && whoseClaim(parts.ownClaims, due, verdict.claimId) !== undefined;
    await giveBack(parts, claim);
    if (verdict?.kind === 'outdated') parts.stopForGood(verdict.kind);
    if (verdict?.kind === 'taken' && !isOwn) return { refusal: movedPast(verdict) };
    const isWorthAnother =
      isOwn || verdict === undefined || verdict.kind === 'split' || verdict.kind === 'no_quorum';
    const refusal: Ending = {
      outcome: 'no_quorum',
      detail: isOwn
        ? 'an earlier claim of this instance stands there'
        : `claim: ${verdict?.kind ?? 'no verdict'}`,
    };
    if (!isWorthAnother || votes >= MAX_VOTES) return { refusal };
    await parts.clock.sleepUntil(parts.clock.monotonicMs() + parts.options.nodeTimeoutMs, chain.lease.signal);
    if (!mayGoOn()) return { refusal };
  }
}

async function claimOpen(
  parts: BidParts,
  claim: Claim,
  mayAskAgain: () => boolean,
): Promise<ClaimVerdict | undefined> {
  let verdict: ClaimVerdict | undefined;
  await claimUntilDecided(parts, [{ claim }], mayAskAgain, ([decided]) => {
    verdict = decided?.verdict;
  });
  return verdict;
}

async function giveBack(parts: BidParts, claim: Claim): Promise<void> {
  parts.ownClaims.surrendered(claim);
  await parts.ledger.giveBack([claim]);
}
