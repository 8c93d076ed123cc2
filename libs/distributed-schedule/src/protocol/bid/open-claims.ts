/**
 * A claim is open, then won or surrendered, finally. An open one is sent again with its own id: with another the instance would
 * find the tick taken, by itself. Surrendered, it is never sent again: a copy behind its give-back would stand for nobody.
 */

import type { AnswersWanted, Claim, ClaimVerdict } from '../contract/ports.js';
import type { BidParts } from './bid-parts.js';

export type OpenClaimParts = Pick<BidParts, 'clock' | 'ledger' | 'admission'>;

/** A connection that was reset is back after some 20 ms. */
const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 160;
/** Surrendered after this without an answer: a silent ledger must not keep a run lock for ever. */
export const MAX_OPEN_MS = 500;

/** What a claim has come to. */
export interface Decided<T> {
  readonly candidate: T;
  readonly verdict: ClaimVerdict | undefined;
  /** Some node may have granted it, so it has to be given back where it is not won. */
  readonly isOut: boolean;
}

/** Asks until each claim is decided or `mayAskAgain` says no. `settle` hears of each at once, so no winner waits. Never rejects. */
export async function claimUntilDecided<T extends { readonly claim: Claim }>(
  parts: OpenClaimParts,
  candidates: readonly T[],
  mayAskAgain: (candidate: T) => boolean,
  settle: (decided: readonly Decided<T>[]) => void,
  /** What their first copies have met, which have gone with their locks; absent: none has been sent. */
  first?: readonly (ClaimVerdict | undefined)[],
): Promise<void> {
  const out = new Set<T>();
  const lastMs = parts.clock.monotonicMs() + MAX_OPEN_MS;
  let open = candidates;
  for (let copies = 1; open.length > 0; copies += 1) {
    const answers =
      (copies === 1 ? first : undefined) ??
      (await parts.ledger.claim(
        open.map(({ claim }) => claim),
        answersWanted(parts),
      ));
    const verdicts = new Map(open.map((candidate, index) => [candidate, answers[index]]));
    for (const [candidate, verdict] of verdicts) if (verdict?.votesOut !== 0) out.add(candidate);
    const isInTime = parts.clock.monotonicMs() < lastMs;
    const keepOpen = (among: readonly T[]): readonly T[] => {
      const left = new Set(
        among.filter((one) => verdicts.get(one)?.undecided === true && isInTime && mayAskAgain(one)),
      );
      const ended = among.filter((one) => !left.has(one));
      if (ended.length > 0)
        settle(ended.map((one) => ({ candidate: one, verdict: verdicts.get(one), isOut: out.has(one) })));
      return [...left];
    };
    const undecided = keepOpen(open);
    if (undecided.length > 0) await pauseAfter(parts, copies);
    // The pause may have cost the time, or the trust, for another copy.
    open = keepOpen(undecided);
  }
}

/** Where more is to be bid for than there is time for, no bid goes out ahead of the answers to the last: the slowest node sets the pace. */
export function answersWanted({ admission }: Pick<BidParts, 'admission'>): AnswersWanted {
  return admission.isLimited ? 'all' : 'majority';
}

/** Before the next copy. @param copies how many have gone @param spread from 0 to 1, where others may wait for the same */
export async function pauseAfter(
  { clock }: Pick<OpenClaimParts, 'clock'>,
  copies: number,
  spread = 0,
): Promise<void> {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (copies - 1), MAX_PAUSE_MS) * (1 + spread);
  await clock.sleepUntil(clock.monotonicMs() + pauseMs);
}
