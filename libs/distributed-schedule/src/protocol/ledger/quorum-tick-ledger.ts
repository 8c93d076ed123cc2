/** The ledger of N nodes: one message per node, then votes are counted. How a node answers is the claim script's affair. */

import type { ElectorateView, NoBid } from '../contract/electorate-view.js';
import type { LedgerIds } from '../contract/ledger-id.js';
import type {
  Claim,
  ClaimReply,
  ClaimVerdict,
  ClaimVote,
  NodeReply,
  PeekVerdict,
  TickLedger,
  TickRef,
  VotingNode,
} from '../contract/ports.js';
import type { PruneAnswer, PruneRequest } from '../contract/prunable-lines.js';
import { answersOf } from '../contract/voting-node.js';
import { decideClaim, votesOut } from './claim-votes.js';
import { decidePeeks, timeOf } from './peek-votes.js';

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
    const answers = answersOf(replies);
    return {
      pruned: answers.reduce((sum, { pruned }) => sum + pruned, 0),
      isUnfinished: answers.some(({ isUnfinished }) => isUnfinished),
    };
  }

  async peek(ticks: readonly TickRef[]): Promise<readonly PeekVerdict[]> {
    if (ticks.length === 0) return [];
    const tasks = ticks.map((ref) => ref.task);
    const asked = this.nodes.map((node) => node.peek(tasks));
    const replies = (await Promise.all(asked)).map((reply, slot) => this.heardOfTicks(slot, reply));
    const lists = replies.map((reply) => (reply.answered ? reply.value : undefined));
    return decidePeeks(ticks, lists, replies.map(timeOf));
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
function votesOf(
  replies: readonly NodeReply<ClaimReply>[],
  index: number,
): readonly (ClaimVote | undefined)[] {
  return replies.map((reply) => (reply.answered ? reply.value.votes[index] : undefined));
}
