/** The ledger of N nodes: one message per node, then votes are counted. How a node answers is the claim script's affair. */

import type { ElectorateView, NoBid } from '../contract/electorate-view.js';
import type { LedgerIds } from '../contract/ledger-id.js';
import type {
  AnswersWanted,
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
import type { PruneAnswer, PruneRequest } from '../contract/prunable-lines.js';
import { answersOf } from '../contract/voting-node.js';
import { decideClaim, isWon, votesOut } from './claim-votes.js';
import { areAgreed, decidePeeks, type TickLists, timeOf } from './peek-votes.js';
import { repliesUntil } from './replies-until.js';

export class QuorumTickLedger implements TickLedger {
  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly electorate: ElectorateView,
  ) {}

  lineOf(task: string): string {
    return task;
  }

  async claim(
    claims: readonly Claim[],
    answers: AnswersWanted = 'majority',
  ): Promise<readonly ClaimVerdict[]> {
    if (claims.length === 0) return [];
    const refusal = this.electorate.mayBid?.();
    if (refusal !== undefined) return claims.map(() => notAsked(refusal));
    const { replies: first, ids: firstIds } = await this.ask(claims, answers);
    const verdicts = claims.map((claim, index) => named(decideClaim(claim, votesOf(first, index)), firstIds));
    if (!first.some(isBehind)) return verdicts;
    // The terms were behind what the nodes know. What is open may be claimed again, by better ones: the claim ids are the same.
    for (const [node, reply] of first.entries()) this.learn(node, reply);
    await this.electorate.mend?.();
    const open = claims.filter((_, index) => isOpen(verdicts[index]));
    const isAsBefore = this.electorate.namedIds() === firstIds;
    if (open.length === 0 || isAsBefore) return verdicts;
    const { replies: second, ids } = await this.ask(open, answers);
    return claims.map((claim, index) => {
      const before = verdicts[index];
      const slot = open.indexOf(claim);
      if (slot < 0 && before !== undefined) return before;
      const verdict = named(decideClaim(claim, votesOf(second, slot)), ids);
      // What the first copy was granted stands, whatever became of the second.
      return { ...verdict, votesOut: Math.max(verdict.votesOut, votesOut(votesOf(first, index))) };
    });
  }

  private async ask(claims: readonly Claim[], answers: AnswersWanted): Promise<Asked> {
    const ids = this.electorate.namedIds();
    const asked = this.nodes.map((node) => node.claim(claims, this.electorate.terms(node, ids)));
    // Only a start is urgent. What is lost waits for all, who then need no give-back where they have refused.
    const areWon = (replies: Replies): boolean =>
      answers === 'majority' && claims.every((_, index) => isWon(votesOf(replies, index)));
    return { replies: await repliesUntil(asked, areWon, (reply, node) => this.heardLate(node, reply)), ids };
  }

  /** The verdict stands. What this node says of the set or of the ids counts for the next one. */
  private heardLate(node: number, reply: NodeReply<ClaimReply>): void {
    this.learn(node, reply);
    if (isOfAnotherSet(reply)) this.electorate.refusedBySet?.();
  }

  private learn(node: number, reply: NodeReply<ClaimReply> | undefined): void {
    const named = this.nodes[node];
    if (named !== undefined && reply?.answered === true && reply.value.ids !== undefined)
      this.electorate.renamed(named, reply.value.ids);
  }

  async giveBack(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    // To every node: one whose answer was lost may have granted all the same.
    await Promise.all(this.nodes.map((node) => node.giveBack(claims)));
  }

  async prune(request: PruneRequest): Promise<PruneAnswer> {
    const replies = await Promise.all(this.nodes.map((node) => node.prune(request)));
    const answers = answersOf(replies);
    return {
      pruned: answers.reduce((sum, { pruned }) => sum + pruned, 0),
      isUnfinished: answers.some(({ isUnfinished }) => isUnfinished),
    };
  }

  async peek(
    ticks: readonly TickRef[],
    answers: AnswersWanted = 'majority',
  ): Promise<readonly PeekVerdict[]> {
    if (ticks.length === 0) return [];
    const tasks = ticks.map((ref) => ref.task);
    const asked = this.nodes.map(async (node, slot) => this.heardOfTicks(slot, await node.peek(tasks)));
    const isEnough = (replies: TickReplies): boolean => answers === 'majority' && areAgreed(listsOf(replies));
    const replies = await repliesUntil(asked, isEnough, () => {});
    return decidePeeks(
      ticks,
      listsOf(replies),
      replies.map((reply) => reply && timeOf(reply)),
    );
  }

  /** Another server's answer is none: it would say that nothing was claimed. */
  private heardOfTicks<T>(slot: number, reply: NodeReply<T>): NodeReply<T> {
    const node = this.nodes[slot];
    const isOther = node !== undefined && this.electorate.speaksOfTicks?.(node) === false;
    return isOther ? { answered: false, reason: 'another server' } : reply;
  }
}

/** By node. Undefined where the verdict did not wait for it: it may have granted. */
type Replies = readonly (NodeReply<ClaimReply> | undefined)[];

type TickReplies = readonly (NodeReply<readonly NodeTick[]> | undefined)[];

function listsOf(replies: TickReplies): TickLists {
  return replies.map((reply) => (reply?.answered === true ? reply.value : undefined));
}

/** What the nodes replied to one copy of a message, and what it named at all of them. */
interface Asked {
  readonly replies: Replies;
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
function isBehind(reply: NodeReply<ClaimReply> | undefined): boolean {
  const kind = wholeKind(reply);
  return kind === 'renamed' || kind === 'unconfirmed' || kind === 'unstamped';
}

function isOfAnotherSet(reply: NodeReply<ClaimReply>): boolean {
  const kind = wholeKind(reply);
  return kind === 'outdated' || kind === 'conflict';
}

/** A refusal of the whole message is the same for all its claims. */
function wholeKind(reply: NodeReply<ClaimReply> | undefined): ClaimVote['kind'] | undefined {
  return reply?.answered === true ? reply.value.votes[0]?.kind : undefined;
}

/** The votes for one of the batch; undefined where the node gave none. */
function votesOf(replies: Replies, index: number): readonly (ClaimVote | undefined)[] {
  return replies.map((reply) => (reply?.answered === true ? reply.value.votes[index] : undefined));
}
