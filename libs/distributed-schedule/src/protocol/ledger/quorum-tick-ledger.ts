/**
 * The tick ledger of N independent nodes: one message per node, then the votes are counted. This file decides
 * what a set of answers means; what a single node answers is the claim script's affair (and memory-node.ts's).
 */

import type { ElectorateView, NoBid } from '../contract/electorate-view.js';
import type { LedgerIds } from '../contract/ledger-id.js';
import type { PruneAnswer, PruneRequest } from '../contract/old-lines.js';
import type {
  Claim,
  ClaimReply,
  ClaimVerdict,
  ClaimVote,
  NodeReply,
  NodeTick,
  PeekVerdict,
  TickLedger,
  TickRef,
  VotingNode,
} from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import { tellPast } from './line-past.js';
import { setBackAmong, setBackAmongTicks } from './set-back-votes.js';

export class QuorumTickLedger implements TickLedger {
  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly electorate: ElectorateView,
  ) {}

  lineOf(task: string): string {
    return task;
  }

  async claim(claims: readonly Claim[]): Promise<readonly ClaimVerdict[]> {
    if (claims.length === 0) return [];
    const refusal = this.electorate.mayBid?.();
    if (refusal !== undefined) return claims.map(() => notAsked(refusal));
    const { replies: first, ids: firstIds } = await this.ask(claims);
    const verdicts = claims.map((claim, index) => named(decideClaim(claim, votesOf(first, index)), firstIds));
    if (!first.some(isBehind)) return verdicts;
    // The terms were behind what the nodes know. What is open may be claimed again, by better ones: the claim ids are the same.
    await this.learn(first);
    const open = claims.filter((_, index) => isOpen(verdicts[index]));
    const isAsBefore = this.electorate.namedIds() === firstIds;
    if (open.length === 0 || isAsBefore) return verdicts;
    const { replies: second, ids } = await this.ask(open);
    return claims.map((claim, index) => {
      const before = verdicts[index];
      const slot = open.indexOf(claim);
      if (slot < 0 && before !== undefined) return before;
      const verdict = named(decideClaim(claim, votesOf(second, slot)), ids);
      // What the first copy was granted stands, whatever became of the second.
      return { ...verdict, votesOut: Math.max(verdict.votesOut, votesOut(votesOf(first, index))) };
    });
  }

  private async ask(claims: readonly Claim[]): Promise<Asked> {
    const ids = this.electorate.namedIds();
    const asked = this.nodes.map((node) => node.claim(claims, this.electorate.terms(node, ids)));
    return { replies: await Promise.all(asked), ids };
  }

  private async learn(replies: readonly NodeReply<ClaimReply>[]): Promise<void> {
    for (const [index, node] of this.nodes.entries()) {
      const reply = replies[index];
      if (reply?.answered === true && reply.value.ids !== undefined)
        this.electorate.renamed(node, reply.value.ids);
    }
    await this.electorate.mend?.();
  }

  async giveBack(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    // To every node: one whose answer was lost may have granted all the same.
    await Promise.all(this.nodes.map((node) => node.giveBack(claims)));
  }

  async prune(request: PruneRequest): Promise<PruneAnswer> {
    const replies = await Promise.all(this.nodes.map((node) => node.prune(request)));
    const answers = replies.flatMap((reply) => (reply.answered ? [reply.value] : []));
    return {
      forgotten: answers.reduce((sum, { forgotten }) => sum + forgotten, 0),
      isUnfinished: answers.some(({ isUnfinished }) => isUnfinished),
    };
  }

  async peek(ticks: readonly TickRef[]): Promise<readonly PeekVerdict[]> {
    if (ticks.length === 0) return [];
    const tasks = ticks.map((ref) => ref.task);
    const asked = this.nodes.map((node) => node.peek(tasks));
    const replies = (await Promise.all(asked)).map((reply, slot) => this.heardOfTicks(slot, reply));
    const timesMs = replies.map(timeOf);
    return ticks.map(({ tick }, index) => decidePeek(tick, votesFor(replies, index), timesMs));
  }

  /** Another server's answer is none: it would say that nothing was claimed. */
  private heardOfTicks<T>(slot: number, reply: NodeReply<T>): NodeReply<T> {
    const node = this.nodes[slot];
    const isOther = node !== undefined && this.electorate.speaksOfTicks?.(node) === false;
    return isOther ? { answered: false, reason: 'another server' } : reply;
  }
}

/** What the nodes replied to one copy of a message, and what it named at all of them. */
interface Asked {
  readonly replies: readonly NodeReply<ClaimReply>[];
  readonly ids: LedgerIds;
}

function named(verdict: ClaimVerdict, ids: LedgerIds): ClaimVerdict {
  return verdict.kind === 'won' ? { ...verdict, ids } : verdict;
}

/** Nothing was sent. */
function notAsked({ why, isOutdated }: NoBid): ClaimVerdict {
  return isOutdated ? { kind: 'outdated', votesOut: 0 } : { kind: 'no_quorum', votesOut: 0, reason: why };
}

function isOpen(verdict: ClaimVerdict | undefined): boolean {
  return verdict === undefined || verdict.kind === 'no_quorum' || verdict.kind === 'split';
}

/** Whether a node has refused the whole message for the terms that came with it. */
function isBehind(reply: NodeReply<ClaimReply>): boolean {
  const kind = reply.answered ? reply.value.votes[0]?.kind : undefined;
  return kind === 'renamed' || kind === 'unconfirmed' || kind === 'unstamped';
}

/** The votes for one of the batch; undefined where the node gave none. */
function votesFor<T>(replies: readonly NodeReply<readonly T[]>[], index: number): readonly (T | undefined)[] {
  return replies.map((reply) => (reply.answered ? reply.value[index] : undefined));
}

function votesOf(
  replies: readonly NodeReply<ClaimReply>[],
  index: number,
): readonly (ClaimVote | undefined)[] {
  return replies.map((reply) => (reply.answered ? reply.value.votes[index] : undefined));
}

/** A silent node may have granted before its answer was lost. */
function votesOut(votes: readonly (ClaimVote | undefined)[]): number {
  return votes.filter((vote) => vote === undefined || vote.kind === 'granted').length;
}

/** What one claim's votes mean. `undefined` is a node that gave no vote. */
export function decideClaim(claim: Claim, votes: readonly (ClaimVote | undefined)[]): ClaimVerdict {
  const quorum = quorumOf(votes.length);
  const count = (kind: ClaimVote['kind']): number => votes.filter((vote) => vote?.kind === kind).length;
  const silent = votes.filter((vote) => vote === undefined).length;
  const granted = count('granted');
  const setBack = setBackAmong(votes, granted, quorum);
  const out = { votesOut: votesOut(votes) };

  if (count('outdated') > 0) return { kind: 'outdated', ...out };
  if (granted >= quorum) return { kind: 'won', ...out };
  if (count('late') >= quorum) return { kind: 'late', ...out };
  const owner = ownerOf(claim.claimId, votes, quorum);
  if (owner !== undefined)
    return { kind: 'taken', ...out, ...owner, ...(owner.claimId === undefined && setBack) };
  // A copy that came too late, or under an old name of its node, says nothing about the next one.
  const mayGrant = granted + silent + count('too_late') + count('renamed');
  const open = { ...out, ...setBack, ...(mayGrant >= quorum && { undecided: true as const }) };
  if (granted + count('taken') >= quorum) return { kind: 'split', ...open };
  return { kind: 'no_quorum', ...open, reason: describeVotes(votes) };
}

/** Who has the tick, if a majority names one claim or has moved past the tick. */
function ownerOf(
  ownClaimId: string,
  votes: readonly (ClaimVote | undefined)[],
  quorum: number,
): { claimId?: string } | undefined {
  let past = 0;
  const named = new Map<string, number>();
  for (const vote of votes) {
    if (vote?.kind !== 'taken') continue;
    if (vote.claimId === undefined) past += 1;
    else if (vote.claimId !== ownClaimId) named.set(vote.claimId, (named.get(vote.claimId) ?? 0) + 1);
  }
  if (past >= quorum) return {};
  for (const [claimId, count] of named) {
    // A node that has moved past the tick does not contradict the owner that the others name.
    if (count + past >= quorum) return { claimId };
  }
  return undefined;
}

/** What the clock of a node showed when it answered. */
export function timeOf(reply: NodeReply<unknown>): number | undefined {
  return reply.answered ? reply.nodeTimeMs : undefined;
}

/**
 * What the nodes' newest ticks say about `tick`.
 * @param timesMs what the clock of each node showed when it answered, in the same order
 */
export function decidePeek(
  tick: number,
  known: readonly (NodeTick | undefined)[],
  timesMs: readonly (number | undefined)[] = [],
): PeekVerdict {
  const quorum = quorumOf(known.length);
  let answered = 0;
  const votes: ClaimVote[] = [];
  for (const node of known) {
    if (node === undefined) continue;
    answered += 1;
    if (node.tick > tick) votes.push({ kind: 'taken' });
    else if (node.tick === tick && node.claimId !== undefined)
      votes.push({ kind: 'taken', claimId: node.claimId });
  }
  if (answered < quorum) return { kind: 'unknown' };
  const past = tellPast(known, timesMs, quorum);
  const owner = ownerOf('', votes, quorum);
  const setBack = setBackAmongTicks(known, timesMs, quorum);
  return owner === undefined
    ? { kind: 'open', ...past, ...setBack }
    : { kind: 'taken', ...past, ...owner, ...(owner.claimId === undefined && setBack) };
}

function describeVotes(votes: readonly (ClaimVote | undefined)[]): string {
  return votes.map((vote, index) => `node ${index + 1}: ${vote?.kind ?? 'no vote'}`).join(', ');
}
