/** Claims that have gone with locks which were not acquired: what they have met, and what is to be given back. */

import type { Claim, ClaimsOnTheWay, ClaimVerdict } from '../contract/ports.js';
import { within } from '../time/within.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, metByLostClaim } from './bid-verdict.js';
import type { AskedTick } from './lock-ticks.js';

/** A tick without its lock, and how its bid ends if nothing better comes. */
export interface LostTick extends AskedTick {
  readonly step: BidVerdict;
}

/** What is met by a claim whose lock was not acquired. */
export function withoutItsLock(
  parts: BidParts,
  { due, claim, step }: LostTick,
  answer: ClaimVerdict | undefined,
): BidVerdict {
  // It is judged by the other claims of this instance, not by itself.
  parts.ownClaims.setAside(claim);
  const met = metByLostClaim({ due }, answer, parts.ownClaims);
  parts.ownClaims.surrendered(claim, mayBeTold(answer));
  return met ?? step;
}

/** Whether others may hear from a majority that this instance has the tick. A lock that came too late may have brought its claim. */
function mayBeTold(answer: ClaimVerdict | undefined): boolean {
  return answer === undefined || answer.undecided === true || answer.kind === 'won';
}

/** Until every node has answered or will not: what none of them has granted needs no give-back. */
export async function giveBackWhenHeard(
  parts: BidParts,
  { onTheWay, out }: { readonly onTheWay: ClaimsOnTheWay; readonly out: ReadonlySet<Claim> },
  over: readonly { readonly place: number; readonly lost: LostTick }[],
): Promise<void> {
  const places = over.map(({ place }) => place);
  const answers = await bounded(parts, onTheWay.verdicts(places, false, 'all'));
  const standing = over.flatMap(({ lost: { claim } }, index) =>
    answers[index]?.votesOut !== 0 || out.has(claim) ? [claim] : [],
  );
  if (standing.length > 0) await parts.ledger.giveBack(standing);
}

/** A provider that was replaced may never say what a node has answered. Longer than any call takes. */
export function bounded(
  { clock, options }: BidParts,
  answers: Promise<readonly ClaimVerdict[]>,
): Promise<readonly ClaimVerdict[]> {
  return within(clock, clock.monotonicMs() + options.leaseTtlMs, answers, []);
}
