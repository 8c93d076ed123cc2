/** What nodes' votes on a run lock mean, for Redis, memory and simulator alike; `lock-majority.memory.test.ts` holds them to it. */

import type { LedgerIds } from '../contract/ledger-id.js';
import type { ExtendVerdict, LockVerdict } from '../contract/ports.js';
import { countsOf, quorumOf } from '../contract/quorum.js';

/** The memories that a request means: a name that moves between two messages would else give two instances a majority. */
export interface LockAddressee {
  readonly position: string;
  readonly ids: LedgerIds;
}

/** Whichever memory answers: for those who know no ids. */
export const ANY_MEMORY: LockAddressee = { position: '', ids: {} };

/** Who knows which memories are meant. */
export interface LockGuard {
  /** By position; one request names the same at every node, or two halves make a false majority. The same object until it changes. */
  namedIds(): LedgerIds;
  /** A node refused a lock. @param ids by position, its own among them if that is another; the next request names none they replace */
  lockRefused(position: string, ids: LedgerIds): void;
}

/** One node's answer. `quarantined`, `too_late` and `renamed` (another server, or one that knows a newer memory) are no vote. */
export type LockVote =
  | { readonly kind: 'acquired' | 'extended' | 'lost' | 'quarantined' | 'too_late' | 'renamed' }
  | HeldVote
  /** No vote, and why, for people. */
  | { readonly kind: 'silent'; readonly reason: string };

/** Without a holder where the node did not see its presence. */
export type HeldVote = Extract<LockVerdict, { kind: 'held' }>;

/** An acquired lock as the votes show it; its value is known to the instance that asked. */
type AcquireDecision = { readonly kind: 'acquired' } | Exclude<LockVerdict, { kind: 'acquired' }>;

/** @param votes of those nodes that have answered so far, in any order; the verdict is the same in every order */
export function decideAcquire(votes: readonly LockVote[], nodes: number): AcquireDecision {
  if (hasMajority(votes, 'acquired', nodes)) return { kind: 'acquired' };
  if (!hasMajority(votes, 'held', nodes)) return { kind: 'no_quorum', reason: tally(votes, nodes) };
  const holder = likeliestHolder(votes);
  const freeInMs = freeForMajorityInMs(votes, nodes);
  return {
    kind: 'held',
    ...(holder !== undefined && { holder }),
    ...(freeInMs !== undefined && { freeInMs }),
  };
}

export function decideExtend(votes: readonly LockVote[], nodes: number): ExtendVerdict {
  if (hasMajority(votes, 'extended', nodes)) return { kind: 'extended' };
  if (hasMajority(votes, 'lost', nodes)) return { kind: 'lost' };
  return { kind: 'no_quorum', reason: tally(votes, nodes) };
}

/** True when no later answer can turn the refusal into a grant. */
export function isRefusalFinal(votes: readonly LockVote[], nodes: number): boolean {
  return votes.length === nodes || hasMajority(votes, 'held', nodes) || hasMajority(votes, 'lost', nodes);
}

function hasMajority(votes: readonly LockVote[], kind: LockVote['kind'], nodes: number): boolean {
  return votes.filter((vote) => vote.kind === kind).length >= quorumOf(nodes);
}

/** Time until a majority is free. Waiting for all costs a tick where one node never saw the holder die. */
function freeForMajorityInMs(votes: readonly LockVote[], nodes: number): number | undefined {
  const waitsMs = votes.flatMap((vote) => {
    if (vote.kind === 'acquired') return [0];
    return vote.kind === 'held' && vote.freeInMs !== undefined ? [vote.freeInMs] : [];
  });
  return waitsMs.sort((one, other) => one - other)[quorumOf(nodes) - 1];
}

/** The holder named by most nodes; ties go to the smaller id, or the answer would depend on who answered first. */
function likeliestHolder(votes: readonly LockVote[]): string | undefined {
  const counts = countsOf(votes.flatMap((vote) => (vote.kind === 'held' ? (vote.holder ?? []) : [])));
  const [likeliest] = [...counts].sort(
    ([one, oneCount], [other, otherCount]) => otherCount - oneCount || (one < other ? -1 : 1),
  );
  return likeliest?.[0];
}

/** For people: "1 acquired, 1 held, 1 timeout of 3 nodes". */
function tally(votes: readonly LockVote[], nodes: number): string {
  const counts = countsOf(votes.map((vote) => (vote.kind === 'silent' ? vote.reason : vote.kind)));
  const missing = nodes - votes.length;
  const parts = [...counts].map(([word, count]) => `${count} ${word}`).sort();
  return `${[...parts, ...(missing > 0 ? [`${missing} pending`] : [])].join(', ')} of ${nodes} nodes`;
}
