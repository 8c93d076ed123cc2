/**
 * Steps 4 and 5 in one message per node, where the ports can: a node that grants the lock decides on the claim in the same step.
 * That saves a round trip and a message. A claim without its lock is given up, as it would be if it had lost.
 */

import type { DueTick } from '../contract/due-tick.js';
import type { Claim, ClaimsOnTheWay, ClaimVerdict } from '../contract/ports.js';
import { newClaim } from '../ledger/claim-id.js';
import type { BidParts } from './bid-parts.js';
import { type BidVerdict, NO_VERDICT } from './bid-verdict.js';
import { isLocked } from './choose-starts.js';
import { claimLocked, leavesTimeToBid } from './claim-batch.js';
import { type AskedTick, lockTicks } from './lock-ticks.js';
import type { LockedTick } from './locked-tick.js';
import { bounded, giveBackWhenHeard, type LostTick, withoutItsLock } from './lost-claims.js';
import { answersWanted, MAX_OPEN_MS, pauseAfter } from './open-claims.js';

/** What a bid calls back. */
export interface BidCalls {
  readonly start: (won: LockedTick) => void;
  /** How long one copy of the message took, without the pauses between copies. */
  readonly onCopy?: (tookMs: number) => void;
}

/** Ticks whose claims go with their locks. */
interface Sending extends BidCalls {
  readonly asked: readonly AskedTick[];
  readonly onTheWay: ClaimsOnTheWay;
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
  calls: BidCalls,
): Promise<readonly BidVerdict[] | undefined> {
  if (batch.length === 0) return [];
  const asked = batch.map((due) => ({ due, claim: newClaim(parts, due) }));
  const onTheWay = carry(parts, asked);
  if (onTheWay === undefined) return undefined;
  for (const { claim } of asked) parts.ownClaims.opened(claim);
  const untilMs = parts.clock.monotonicMs() + MAX_OPEN_MS;
  return send(parts, { ...calls, onTheWay, asked, copies: 1, untilMs, out: new Set() });
}

function carry({ ledger }: BidParts, asked: readonly AskedTick[]): ClaimsOnTheWay | undefined {
  return ledger.carry(asked.map(({ claim }) => claim));
}

async function send(parts: BidParts, sending: Sending): Promise<readonly BidVerdict[]> {
  const { asked, onTheWay, start, onCopy } = sending;
  const sentMs = parts.clock.monotonicMs();
  const steps = await lockTicks(parts, asked, onTheWay.carried);
  if (!onTheWay.haveLeft && sending.copies === 1) return withoutCarriage(parts, asked, steps, start);
  const places = [...steps.keys()];
  const locked = places.filter((place) => isLocked(steps[place] ?? NO_VERDICT));
  const lost = places.filter((place) => !locked.includes(place));
  // Apart: what has its lock starts as soon as a majority has granted it, whatever is still to be heard of the others.
  const verdicts = await Promise.all([
    claimCarried(parts, sending, locked, steps),
    giveUpOrSendAgain(parts, sending, lost, steps, () => onCopy?.(parts.clock.monotonicMs() - sentMs)),
  ]);
  const byPlace = new Map(
    [locked, lost].flatMap((those, index) =>
      those.map((place, at) => [place, verdicts[index]?.[at] ?? NO_VERDICT] as const),
    ),
  );
  return places.map((place) => byPlace.get(place) ?? NO_VERDICT);
}

type Steps = readonly (LockedTick | BidVerdict)[];

/** No message has taken them along: the provider was replaced by one that does not, or no node has a vote. */
function withoutCarriage(
  parts: BidParts,
  asked: readonly AskedTick[],
  steps: Steps,
  start: (won: LockedTick) => void,
): Promise<readonly BidVerdict[]> {
  for (const [place, { claim }] of asked.entries())
    if (!isLocked(steps[place] ?? NO_VERDICT)) parts.ownClaims.surrendered(claim, false);
  return claimLocked(parts, steps, start);
}

async function claimCarried(
  parts: BidParts,
  { asked, start, out, onTheWay }: Sending,
  places: readonly number[],
  steps: Steps,
): Promise<readonly BidVerdict[]> {
  if (places.length === 0) return [];
  const answers = await bounded(parts, onTheWay.verdicts(places, true, answersWanted(parts)));
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

/** A majority that has spoken decides; who is silent is heard in the background, for what is to be given back. */
async function giveUpOrSendAgain(
  parts: BidParts,
  sending: Sending,
  places: readonly number[],
  steps: Steps,
  onAnswers: () => void,
): Promise<readonly BidVerdict[]> {
  const { asked, onTheWay } = sending;
  const answers =
    places.length === 0 ? [] : await bounded(parts, onTheWay.verdicts(places, false, 'majority'));
  onAnswers();
  const ticks = places.flatMap((place, index) => {
    const [one, step] = [asked[place], steps[place]];
    if (one === undefined || step === undefined || isLocked(step)) return [];
    const lost: LostTick = { ...one, step };
    return [
      { place, lost, answer: answers[index], isOpen: isWorthAnother(parts, sending, lost, answers[index]) },
    ];
  });
  const settled = ticks.map(({ lost, answer, isOpen }) =>
    isOpen ? undefined : withoutItsLock(parts, lost, answer),
  );
  const over = ticks.filter(({ isOpen }) => !isOpen);
  if (over.length > 0) parts.track(giveBackWhenHeard(parts, sending, over));
  const open = ticks.flatMap(({ lost, isOpen }) => (isOpen ? [lost] : []));
  // All have answered, or will not, where a majority is silent.
  for (const { claim } of open) sending.out.add(claim);
  const later = (await sendAgain(parts, sending, open)).values();
  return settled.map((verdict) => verdict ?? later.next().value ?? NO_VERDICT);
}

/** Whether no majority has answered about a lock and its claim, as where connections have ended, and there is time for another copy. */
function isWorthAnother(
  parts: BidParts,
  { untilMs }: Pick<Sending, 'untilMs'>,
  { due, step }: LostTick,
  answer: ClaimVerdict | undefined,
): boolean {
  if (step.kind !== 'open' || step.outcome !== 'no_quorum' || answer?.unanswered !== true) return false;
  return parts.clock.monotonicMs() < untilMs && leavesTimeToBid(parts, due) && !parts.stopped.aborted;
}

/** With their own ids: with others this instance would find its ticks taken, by itself. */
async function sendAgain(
  parts: BidParts,
  sending: Sending,
  open: readonly LostTick[],
): Promise<readonly BidVerdict[]> {
  if (open.length === 0) return [];
  await pauseAfter(parts, sending.copies, parts.random.next());
  const asked = parts.stopped.aborted ? [] : open.filter(({ due }) => leavesTimeToBid(parts, due));
  const onTheWay = asked.length === 0 ? undefined : carry(parts, asked);
  const isGoing = (one: LostTick): boolean => onTheWay !== undefined && asked.includes(one);
  const over = open.filter((one) => !isGoing(one)).map(({ claim }) => claim);
  for (const claim of over) parts.ownClaims.surrendered(claim);
  if (over.length > 0) parts.track(parts.ledger.giveBack(over));
  const copies = sending.copies + 1;
  const later = onTheWay === undefined ? [] : await send(parts, { ...sending, onTheWay, asked, copies });
  const verdicts = later.values();
  return open.map((one) => (isGoing(one) ? verdicts.next().value : one.step) ?? one.step);
}
