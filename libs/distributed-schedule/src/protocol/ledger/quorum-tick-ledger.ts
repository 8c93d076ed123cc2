/** The ledger of N nodes: one message per node, then votes are counted. How a node answers is the claim script's affair. */

import type { ElectorateView } from '../contract/electorate-view.js';
import type { LedgerIds } from '../contract/ledger-id.js';
import type {
  AnswersWanted,
  Claim,
  ClaimReply,
  ClaimsOnTheWay,
  ClaimVerdict,
  NodeReply,
  PeekVerdict,
  TickLedger,
  TickRef,
  VotingNode,
} from '../contract/ports.js';
import type { PruneAnswer, PruneRequest } from '../contract/prunable-lines.js';
import { quorumOf } from '../contract/quorum.js';
import { answersOf } from '../contract/voting-node.js';
import { CarriedMessages } from './carried-messages.js';
import { hasSpoken, isBehind, isOfAnotherSet, type Replies, votesAt, votesOf } from './claim-replies.js';
import { decideClaim, isOpen, isWon, notAsked, votesOut } from './claim-votes.js';
import { areAgreed, decidePeeks, listsOf, type TickReplies, timeOf } from './peek-votes.js';
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
    const ids = this.electorate.namedIds();
    return this.decide(
      claims,
      { replies: await this.heard(claims, this.ask(claims, ids), answers), ids },
      answers,
    );
  }

  carry(claims: readonly Claim[]): ClaimsOnTheWay | undefined {
    const [first] = this.nodes;
    const mayBeCarried = claims.length > 0 && this.nodes.every(({ carry }) => carry !== undefined);
    if (first === undefined || !mayBeCarried || this.electorate.mayBid?.() !== undefined) return undefined;
    const ids = this.electorate.namedIds();
    const messages = new CarriedMessages(this.nodes, claims, this.electorate.terms(first, ids).set, ids);
    return {
      carried: messages,
      get haveLeft() {
        return messages.close();
      },
      verdicts: async (places, haveLocks, answers = 'majority') => {
        const those = places.flatMap((place) => claims[place] ?? []);
        const votes = messages.replies().map(async (reply) => votesAt(await reply, places));
        if (haveLocks) {
          const replies = await this.heard(those, votes, answers);
          return this.decide(those, { replies, ids }, answers);
        }
        const quorum = quorumOf(this.nodes.length);
        const isEnough = (replies: Replies): boolean =>
          answers === 'majority' && replies.filter(hasSpoken).length >= quorum;
        const replies = await repliesUntil(votes, isEnough, (reply, node) => this.heardLate(node, reply));
        for (const [node, reply] of replies.entries()) this.learn(node, reply);
        return those.map((claim, index) => decideClaim(claim, votesOf(replies, index), false));
      },
    };
  }

  private async decide(
    claims: readonly Claim[],
    { replies: first, ids: firstIds }: Asked,
    answers: AnswersWanted,
  ): Promise<readonly ClaimVerdict[]> {
    const verdicts = claims.map((claim, index) => named(decideClaim(claim, votesOf(first, index)), firstIds));
    if (!first.some(isBehind)) return verdicts;
    // The terms were behind what the nodes know. What is open may be claimed again, by better ones: the claim ids are the same.
    for (const [node, reply] of first.entries()) this.learn(node, reply);
    await this.electorate.mend?.();
    const open = claims.filter((_, index) => isOpen(verdicts[index]));
    const ids = this.electorate.namedIds();
    if (open.length === 0 || ids === firstIds) return verdicts;
    const second = await this.heard(open, this.ask(open, ids), answers);
    return claims.map((claim, index) => {
      const before = verdicts[index];
      const at = open.indexOf(claim);
      if (at < 0 && before !== undefined) return before;
      const verdict = named(decideClaim(claim, votesOf(second, at)), ids);
      // What the first copy was granted stands, whatever became of the second.
      return { ...verdict, votesOut: Math.max(verdict.votesOut, votesOut(votesOf(first, index))) };
    });
  }

  private ask(claims: readonly Claim[], ids: LedgerIds): readonly Promise<NodeReply<ClaimReply>>[] {
    return this.nodes.map((node) => node.claim(claims, this.electorate.terms(node, ids)));
  }

  private heard(
    claims: readonly Claim[],
    asked: readonly Promise<NodeReply<ClaimReply>>[],
    answers: AnswersWanted,
  ): Promise<Replies> {
    // Only a start is urgent. What is lost waits for all, who then need no give-back where they have refused.
    const areWon = (replies: Replies): boolean =>
      answers === 'majority' && claims.every((_, index) => isWon(votesOf(replies, index)));
    return repliesUntil(asked, areWon, (reply, node) => this.heardLate(node, reply));
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
    const asked = this.nodes.map(async (node, index) => this.heardOfTicks(index, await node.peek(tasks)));
    const isEnough = (replies: TickReplies): boolean => answers === 'majority' && areAgreed(listsOf(replies));
    const replies = await repliesUntil(asked, isEnough, () => {});
    return decidePeeks(
      ticks,
      listsOf(replies),
      replies.map((reply) => reply && timeOf(reply)),
    );
  }

  /** Another server's answer is none: it would say that nothing was claimed. */
  private heardOfTicks<T>(index: number, reply: NodeReply<T>): NodeReply<T> {
    const node = this.nodes[index];
    const isOther = node !== undefined && this.electorate.speaksOfTicks?.(node) === false;
    return isOther ? { answered: false, reason: 'another server' } : reply;
  }
}

/** What the nodes replied to one copy of a message, and what it named at all of them. */
interface Asked {
  readonly replies: Replies;
  readonly ids: LedgerIds;
}

function named(verdict: ClaimVerdict, ids: LedgerIds): ClaimVerdict {
  return verdict.kind === 'won' ? { ...verdict, ids } : verdict;
}
