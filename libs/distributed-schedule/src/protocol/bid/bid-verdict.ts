/** What the store's answers to a bid mean. */

import type { NoBid } from '../contract/electorate-view.js';
import type { LedgerIds } from '../contract/ledger-id.js';
import type { Outcome } from '../contract/outcome.js';
import type { ClaimVerdict, LockVerdict } from '../contract/ports.js';
import { setBackWords } from '../ledger/clock-set-back.js';
import type { LockedTick } from './locked-tick.js';
import { movedPast } from './moved-past.js';
import { type OwnClaims, whoseClaim } from './own-claims.js';

export type BidVerdict =
  | { readonly kind: 'won'; readonly won: LockedTick }
  /** Not now. A later bid may succeed, best after `retryInMs` where that is known; without one, `outcome` stands. */
  | {
      readonly kind: 'open';
      readonly outcome: Outcome;
      readonly detail: string;
      readonly by?: string;
      readonly retryInMs?: number;
    }
  /** Nothing to bid for any more. */
  | { readonly kind: 'decided'; readonly outcome: Outcome; readonly detail: string; readonly by?: string }
  /** It was won here by another bid: its run reports how it ends. */
  | { readonly kind: 'ended_here' }
  | { readonly kind: 'outdated' };

export const NO_VERDICT: BidVerdict = {
  kind: 'open',
  outcome: 'no_quorum',
  detail: 'no verdict from the ledger',
};

export const ENDED_HERE: BidVerdict = { kind: 'ended_here' };

/** Our given-up claim still stands: nobody will run the tick, and only we know. */
export const OWN_CLAIM_STANDS: BidVerdict = {
  kind: 'open',
  outcome: 'no_quorum',
  detail: 'a claim of this instance stands there, which it has given up',
};

/** The lock may rest on a server that was replaced before the claim: its successor gives that lock to others. */
const OTHER_MEMORIES: BidVerdict = {
  kind: 'open',
  outcome: 'no_quorum',
  detail: 'another server has come to stand for a node between lock and claim',
};

/** A claim may name more: a node that the lock did not count is no part of what it rests on. */
function namesTheSame(lock: LedgerIds | undefined, claim: LedgerIds | undefined): boolean {
  if (lock === undefined || claim === undefined) return true;
  return Object.entries(lock).every(([position, id]) => claim[position] === id);
}

/** What a claim has come to. */
export function decideBid(
  candidate: LockedTick,
  verdict: ClaimVerdict | undefined,
  ownClaims: OwnClaims,
): BidVerdict {
  const decided = decideClaimed(candidate, verdict, ownClaims);
  if (candidate.contested === undefined) return decided;
  // That an earlier tick went to somebody else says nothing about the one that was bid for.
  if (decided.kind === 'ended_here')
    return { kind: 'open', outcome: 'no_quorum', detail: 'an earlier tick comes first, and has run here' };
  return decided.kind === 'decided'
    ? { kind: 'open', outcome: 'no_quorum', detail: `an earlier tick comes first, and was ${decided.detail}` }
    : decided;
}

/** What a claim has met that went with a lock which was not acquired, where that decides more than the lock does. */
export function metByLostClaim(
  { due }: Pick<LockedTick, 'due'>,
  verdict: ClaimVerdict | undefined,
  ownClaims: OwnClaims,
): BidVerdict | undefined {
  if (verdict?.kind === 'outdated') return { kind: 'outdated' };
  return verdict?.kind === 'taken' ? decideTaken({ due }, verdict, ownClaims) : undefined;
}

function decideClaimed(
  candidate: LockedTick,
  verdict: ClaimVerdict | undefined,
  ownClaims: OwnClaims,
): BidVerdict {
  switch (verdict?.kind) {
    case 'won':
      return namesTheSame(candidate.bidAt.namedIds, verdict.ids)
        ? { kind: 'won', won: candidate }
        : OTHER_MEMORIES;
    case 'taken':
      return decideTaken(candidate, verdict, ownClaims);
    case 'late':
      return { kind: 'decided', outcome: 'misfire', detail: 'the nodes refused the claim as late' };
    case 'split':
      return withoutMajority('the vote was split', verdict.setBackMs);
    case 'no_quorum':
      return withoutMajority(`claim: ${verdict.reason}`, verdict.setBackMs);
    case 'outdated':
      return { kind: 'outdated' };
    case undefined:
      return NO_VERDICT;
    default:
      return verdict satisfies never;
  }
}

function withoutMajority(detail: string, setBackMs: number | undefined): BidVerdict {
  return setBackMs === undefined
    ? { kind: 'open', outcome: 'no_quorum', detail }
    : { kind: 'open', outcome: 'clock_set_back', detail: setBackWords(setBackMs) };
}

/** Nobody reports a tick as taken by itself. */
function decideTaken(
  { due }: Pick<LockedTick, 'due'>,
  verdict: Extract<ClaimVerdict, { kind: 'taken' }>,
  ownClaims: OwnClaims,
): BidVerdict {
  const fate = whoseClaim(ownClaims, due, verdict.claimId);
  switch (fate) {
    case 'won':
      return ENDED_HERE;
    case 'open':
    case 'surrendered':
      return OWN_CLAIM_STANDS;
    case undefined:
      return { kind: 'decided', ...movedPast(verdict) };
    default:
      return fate satisfies never;
  }
}

/** The set of nodes of this instance does not vote. */
export function withoutBid({ why, isOutdated, againInMs }: NoBid): BidVerdict {
  if (isOutdated) return { kind: 'outdated' };
  const open: BidVerdict = { kind: 'open', outcome: 'no_quorum', detail: `no bid: ${why}` };
  return againInMs === undefined ? open : { ...open, retryInMs: againInMs };
}

/** What a lock that was not acquired means. */
export function withoutLock(verdict: Exclude<LockVerdict, { kind: 'acquired' }> | undefined): BidVerdict {
  switch (verdict?.kind) {
    case 'held':
      return {
        kind: 'open',
        outcome: 'overlap',
        detail: `lock held by ${verdict.holder ?? 'another run'}`,
        ...(verdict.holder !== undefined && { by: verdict.holder }),
        ...(verdict.freeInMs !== undefined && { retryInMs: verdict.freeInMs }),
      };
    case 'no_quorum':
      return { kind: 'open', outcome: 'no_quorum', detail: `lock: ${verdict.reason}` };
    case undefined:
      return { kind: 'open', outcome: 'no_quorum', detail: 'no verdict from the lock provider' };
    default:
      return verdict satisfies never;
  }
}
