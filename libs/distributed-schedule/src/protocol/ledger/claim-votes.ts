/** What the votes of all nodes on one claim mean. `undefined` is a node that gave no vote. */

import type { NoBid } from '../contract/electorate-view.js';
import type { Claim, ClaimVerdict, ClaimVote } from '../contract/ports.js';
import { countsOf, quorumOf } from '../contract/quorum.js';
import { setBackAmong } from './clock-set-back.js';

/** @param hasLock where it has not, another copy would not be asked for either by nodes that have refused the lock */
export function decideClaim(
  claim: Claim,
  votes: readonly (ClaimVote | undefined)[],
  hasLock = true,
): ClaimVerdict {
  const out = { votesOut: votesOut(votes) };
  const count = (kind: ClaimVote['kind']): number => votes.filter((vote) => vote?.kind === kind).length;
  if (count('outdated') > 0) return { kind: 'outdated', ...out };
  if (isWon(votes)) return { kind: 'won', ...out };
  const quorum = quorumOf(votes.length);
  if (count('late') >= quorum) return { kind: 'late', ...out };
  const granted = count('granted');
  const setBack = setBackAmong(votes, granted, quorum);
  const owner = ownerOf(claim.claimId, votes, quorum);
  if (owner !== undefined)
    return { kind: 'taken', ...out, ...owner, ...(owner.claimId === undefined && setBack) };
  // A copy that came too late, or under an old name of its node, says nothing about the next one.
  const silent = votes.filter((vote) => vote === undefined).length;
  const mayGrant =
    granted +
    silent +
    count('too_late') +
    count('renamed') +
    (hasLock ? count('not_asked') + count('not_sent') : 0);
  const isUnanswered = !hasLock && silent + count('not_sent') >= quorum;
  const open = {
    ...{ ...out, ...setBack },
    ...(mayGrant >= quorum && { undecided: true as const }),
    ...(isUnanswered && { unanswered: true as const }),
  };
  if (granted + count('taken') >= quorum) return { kind: 'split', ...open };
  return { kind: 'no_quorum', ...open, reason: describeVotes(votes) };
}

/** No vote that is missing yet can take it away. */
export function isWon(votes: readonly (ClaimVote | undefined)[]): boolean {
  let granted = 0;
  for (const vote of votes) {
    if (vote?.kind === 'outdated') return false;
    if (vote?.kind === 'granted') granted += 1;
  }
  return granted >= quorumOf(votes.length);
}

/** A silent node may have granted before its answer was lost. */
export function votesOut(votes: readonly (ClaimVote | undefined)[]): number {
  return votes.filter((vote) => vote === undefined || vote.kind === 'granted').length;
}

/** Who has the tick, if a majority names one claim or has moved past the tick. */
export function ownerOf(
  ownClaimId: string,
  votes: readonly (ClaimVote | undefined)[],
  quorum: number,
): { claimId?: string } | undefined {
  const taken = votes.filter((vote) => vote?.kind === 'taken');
  const past = taken.filter(({ claimId }) => claimId === undefined).length;
  const named = countsOf(taken.flatMap(({ claimId }) => (claimId === ownClaimId ? [] : (claimId ?? []))));
  if (past >= quorum) return {};
  for (const [claimId, count] of named) {
    // A node that has moved past the tick does not contradict the owner that the others name.
    if (count + past >= quorum) return { claimId };
  }
  return undefined;
}

function describeVotes(votes: readonly (ClaimVote | undefined)[]): string {
  return votes.map((vote, index) => `node ${index + 1}: ${vote?.kind ?? 'no vote'}`).join(', ');
}

/** Nothing was sent. */
export function notAsked({ why, isOutdated }: NoBid): ClaimVerdict {
  return isOutdated ? { kind: 'outdated', votesOut: 0 } : { kind: 'no_quorum', votesOut: 0, reason: why };
}

export function isOpen(verdict: ClaimVerdict | undefined): boolean {
  return verdict === undefined || verdict.kind === 'no_quorum' || verdict.kind === 'split';
}
