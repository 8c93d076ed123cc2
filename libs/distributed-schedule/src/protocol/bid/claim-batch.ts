/** Step 5 of a bid: the claims of all ticks whose locks are ours, in one message per node, as long as they are open. */

import type { DueTick } from '../contract/due-tick.js';
import type { ClaimVerdict } from '../contract/ports.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, decideBid, NO_VERDICT } from './bid-verdict.js';
import { isLocked } from './choose-starts.js';
import type { LockedTick } from './locked-tick.js';
import { claimUntilDecided } from './open-claims.js';
import { surrender } from './surrender.js';

interface ClaimBatchEnds {
  readonly start: (won: LockedTick) => void;
  /** `standing`: those of them whose claim may stand on some node. */
  readonly giveUp: (losers: readonly LockedTick[], standing: readonly LockedTick[]) => void;
}

/** A claim is sent again only while there is time for that call and for another bid: the lock and the claim. */
const CALLS_LEFT = 3;

/** The claims of those that are locked; of the others the verdict stands. @param first what copies that have gone with the locks have met */
export async function claimLocked(
  parts: BidParts,
  steps: readonly (LockedTick | BidVerdict)[],
  start: (won: LockedTick) => void,
  first?: readonly (ClaimVerdict | undefined)[],
): Promise<readonly BidVerdict[]> {
  const verdicts = await claimAll(
    parts,
    steps.filter(isLocked),
    {
      start,
      // Not awaited: winners must not wait for losers' messages, which have left and are not overtaken on their connection.
      giveUp: (losers, standing) => parts.track(surrender(parts, losers, standing)),
    },
    first,
  );
  return steps.map((step) => (isLocked(step) ? (verdicts.get(step) ?? NO_VERDICT) : step));
}

/** Asks for all of them, starts each that is won at once, and gives up what is not won. */
export async function claimAll(
  parts: BidParts,
  locked: readonly LockedTick[],
  { start, giveUp }: ClaimBatchEnds,
  first?: readonly (ClaimVerdict | undefined)[],
): Promise<ReadonlyMap<LockedTick, BidVerdict>> {
  const verdicts = new Map<LockedTick, BidVerdict>();
  for (const { claim, lease } of locked) {
    parts.ownClaims.opened(claim);
    lease.claims?.opened(claim);
  }
  await claimUntilDecided(
    parts,
    locked,
    (candidate) => mayAskAgain(parts, candidate),
    (decided) => {
      for (const { candidate, verdict } of decided) {
        // What it meets is judged by the other claims of this instance, not by itself.
        parts.ownClaims.setAside(candidate.claim);
        verdicts.set(candidate, decideBid(candidate, verdict, parts.ownClaims));
      }
      const losers = decided.filter(({ candidate }) => verdicts.get(candidate)?.kind !== 'won');
      const standing = losers.filter(({ isOut }) => isOut);
      for (const { candidate } of decided) {
        if (verdicts.get(candidate)?.kind !== 'won') continue;
        parts.ownClaims.won(candidate.claim);
        candidate.lease.claims?.won(candidate.claim);
        start(candidate);
      }
      giveUp(losers.map(toCandidate), standing.map(toCandidate));
    },
    first,
  );
  return verdicts;
}

function toCandidate({ candidate }: { readonly candidate: LockedTick }): LockedTick {
  return candidate;
}

/** Whether an open claim is worth another copy: its lock is still ours, and giving it up later leaves time for another bid. */
function mayAskAgain(parts: BidParts, { due, contested = due, lease }: LockedTick): boolean {
  parts.keeper.doubtIfPresenceLost(lease);
  if (parts.stopped.aborted || !lease.isTrusted() || isOutdated(parts, due)) return false;
  return leavesTimeToBid(parts, due) && leavesTimeToBid(parts, contested);
}

/** Of what was missed only the latest is to start, and there is a later one by now. */
function isOutdated({ clusterClock }: BidParts, { task, tick, because }: DueTick): boolean {
  if (because !== 'missed' || task.policies?.misfire !== 'latest') return false;
  return (task.schedule.nextAfter(tick) ?? Number.POSITIVE_INFINITY) <= clusterClock.nowMs();
}

/** Whether another copy of an open claim, should it stay without an answer, leaves time for another bid. */
export function leavesTimeToBid(
  { clusterClock, options }: Pick<BidParts, 'clusterClock' | 'options'>,
  { tick, maxLatenessMs }: DueTick,
): boolean {
  return clusterClock.nowMs() + CALLS_LEFT * options.nodeTimeoutMs <= tick + maxLatenessMs;
}
