/**
 * Steps 4 and 5 in one message per node, where the ports can: a node that grants the lock decides on the claim in the same step.
 * That saves a round trip and a message. A claim without its lock is given up, as it would be if it had lost.
 */

import type { DueTick } from '../contract/due-tick.js';
import type { Claim, ClaimsOnTheWay, ClaimVerdict } from '../contract/ports.js';
import { newClaim } from '../ledger/claim-id.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, metByLostClaim, NO_VERDICT } from './bid-verdict.js';
import { isLocked } from './choose-starts.js';
import { claimLocked, leavesTimeToBid } from './claim-batch.js';
import { type AskedTick, lockTicks } from './lock-ticks.js';
import type { LockedTick } from './locked-tick.js';
import { answersWanted, MAX_OPEN_MS, pauseAfter } from './open-claims.js';

/** Ticks whose claims have gone with their locks, or are about to. */
interface Sending {
  readonly asked: readonly AskedTick[];
  readonly start: (won: LockedTick) => void;
  /** How many messages have gone, this one among them. */
  readonly copies: number;
  /** Monotonic: from then on no claim is sent again. */
  readonly untilMs: number;
  /** Those that some node may have granted. */
  readonly out: Set<Claim>;
}

/** Only for ticks whose claim is known before their lock is acquired. Undefined where these claims do not go with locks. */
export async function bidInOneStep(
  parts: BidParts,
  batch: readonly DueTick[],
  start: (won: LockedTick) => void,
): Promise<readonly BidVerdict[] | undefined> {
  const asked = batch.map((due) => ({ due, claim: newClaim(parts, due) }));
  const onTheWay = carry(parts, asked);
  if (onTheWay === undefined) return undefined;
  for (const { claim } of asked) parts.ownClaims.opened(claim);
  const untilMs = parts.clock.monotonicMs() + MAX_OPEN_MS;
  return send(parts, onTheWay, { asked, start, copies: 1, untilMs, out: new Set() });
}

function carry({ ledger }: BidParts, asked: readonly AskedTick[]): ClaimsOnTheWay | undefined {
  return ledger.carry(asked.map(({ claim }) => claim));
}

async function send(
  parts: BidParts,
  onTheWay: ClaimsOnTheWay,
  sending: Sending,
): Promise<readonly BidVerdict[]> {
  const { asked, start } = sending;
  const steps = await lockTicks(parts, asked, onTheWay.carried);
  // Of a provider that was replaced, by one that carries nothing.
  if (!onTheWay.haveLeft) return claimLocked(parts, steps, start);
  const places = [...steps.keys()];
  const locked = places.filter((place) => isLocked(steps[place] ?? NO_VERDICT));
  const lost = places.filter((place) => !locked.includes(place));
  // Apart: what has its lock starts as soon as a majority has granted it, and what has not waits for the last node.
  const verdicts = await Promise.all([
    claimCarried(parts, onTheWay, sending, locked, steps),
    giveUpOrSendAgain(parts, onTheWay, sending, lost, steps),
  ]);
  const byPlace = new Map(
    [locked, lost].flatMap((those, index) =>
      those.map((place, at) => [place, verdicts[index]?.[at] ?? NO_VERDICT] as const),
    ),
  );
  return places.map((place) => byPlace.get(place) ?? NO_VERDICT);
}

type Steps = readonly (LockedTick | BidVerdict)[];

async function claimCarried(
  parts: BidParts,
  onTheWay: ClaimsOnTheWay,
  { asked, start, out }: Sending,
  places: readonly number[],
  steps: Steps,
): Promise<readonly BidVerdict[]> {
  if (places.length === 0) return [];
  const answers = await onTheWay.verdicts(places, true, answersWanted(parts));
  const first = places.map((place, index): ClaimVerdict | undefined => {
    const [claim, answer] = [asked[place]?.claim, answers[index]];
    // What an earlier copy was granted stands, whatever became of this one.
    const isOut = claim !== undefined && out.has(claim);
    return answer && { ...answer, votesOut: Math.max(answer.votesOut, isOut ? 1 : 0) };
  });
  return claimLocked(
    parts,
    places.flatMap((place) => steps[place] ?? []),
    start,
    first,
  );
}

async function giveUpOrSendAgain(
  parts: BidParts,
  onTheWay: ClaimsOnTheWay,
  sending: Sending,
  places: readonly number[],
  steps: Steps,
): Promise<readonly BidVerdict[]> {
  if (places.length === 0) return [];
  const { asked, out, copies } = sending;
  const answers = await onTheWay.verdicts(places, false);
  const ticks = places.flatMap((place, index) => {
    const [one, step] = [asked[place], steps[place]];
    if (one === undefined || step === undefined || isLocked(step)) return [];
    const answer = answers[index];
    if (answer?.votesOut !== 0) out.add(one.claim);
    return [{ one, step, answer, isOpen: isWorthAnother(parts, sending, one, step, answer) }];
  });
  const settled = ticks.map(({ one, step, answer, isOpen }) =>
    isOpen ? undefined : withoutItsLock(parts, one, answer, step),
  );
  giveBack(
    parts,
    ticks.flatMap(({ one, isOpen }) => (isOpen ? [] : [one])),
    out,
  );
  const open = ticks.flatMap(({ one, isOpen }) => (isOpen ? [one] : []));
  const later = (await sendAgain(parts, { ...sending, asked: open, copies: copies + 1 })).values();
  return settled.map((verdict) => verdict ?? later.next().value ?? NO_VERDICT);
}

/** Whether answers are missing of a lock and its claim, as where connections have ended, and there is time for another copy. */
function isWorthAnother(
  parts: BidParts,
  { untilMs }: Pick<Sending, 'untilMs'>,
  { due }: AskedTick,
  step: LockedTick | BidVerdict | undefined,
  answer: ClaimVerdict | undefined,
): boolean {
  if (step === undefined || isLocked(step) || step.kind !== 'open' || step.outcome !== 'no_quorum')
    return false;
  const isInTime = parts.clock.monotonicMs() < untilMs && leavesTimeToBid(parts, due);
  return answer?.undecided === true && isInTime && !parts.stopped.aborted;
}

/** With their own ids: with others this instance would find its ticks taken, by itself. */
async function sendAgain(parts: BidParts, sending: Sending): Promise<readonly BidVerdict[]> {
  const { asked, copies, out } = sending;
  if (asked.length === 0) return [];
  await pauseAfter(parts, copies - 1);
  const isInTime = asked.every(({ due }) => leavesTimeToBid(parts, due)) && !parts.stopped.aborted;
  const onTheWay = isInTime ? carry(parts, asked) : undefined;
  if (onTheWay !== undefined) return send(parts, onTheWay, sending);
  const verdicts = asked.map((one) => withoutItsLock(parts, one, undefined, NO_VERDICT));
  giveBack(parts, asked, out);
  return verdicts;
}

/** What is met by a claim whose lock was not acquired. */
function withoutItsLock(
  parts: BidParts,
  { due, claim }: AskedTick,
  answer: ClaimVerdict | undefined,
  step: BidVerdict,
): BidVerdict {
  // It is judged by the other claims of this instance, not by itself.
  parts.ownClaims.setAside(claim);
  return metByLostClaim({ due }, answer, parts.ownClaims) ?? step;
}

/** Not awaited: it has left when this returns, and nobody overtakes it. */
function giveBack(parts: BidParts, lost: readonly AskedTick[], out: ReadonlySet<Claim>): void {
  for (const { claim } of lost) parts.ownClaims.surrendered(claim, out.has(claim));
  const standing = lost.flatMap(({ claim }) => (out.has(claim) ? [claim] : []));
  if (standing.length > 0) parts.track(parts.ledger.giveBack(standing));
}
