/** Membership over N nodes: an instance is live when a majority of the nodes that answered has seen it lately. */

import type { ElectorateView } from '../contract/electorate-view.js';
import type { BeatVerdict, Membership, TickRef, VotingNode } from '../contract/ports.js';
import { countsOf, quorumOf } from '../contract/quorum.js';
import { answersOf } from '../contract/voting-node.js';
import { decidePeeks, timeOf } from '../ledger/peek-votes.js';

export class QuorumMembership implements Membership {
  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly electorate: ElectorateView,
  ) {}

  async beat(instanceId: string, peeks: readonly TickRef[]): Promise<BeatVerdict> {
    const tasks = peeks.map((ref) => ref.task);
    const beat = this.electorate.sendBeat();
    const replies = await Promise.all(this.nodes.map((node) => node.beat(instanceId, beat.sign, tasks)));
    this.electorate.heard(beat, replies);
    const answers = answersOf(replies);
    const lists = replies.map((reply, slot) =>
      reply.answered && this.speaksOfTicks(slot) ? reply.value.ticks : undefined,
    );
    return {
      members: livingAmong(
        instanceId,
        answers.map((answer) => answer.members),
      ),
      nodesAnswering: answers.length,
      peeks: decidePeeks(peeks, lists, replies.map(timeOf)),
    };
  }

  private speaksOfTicks(slot: number): boolean {
    const node = this.nodes[slot];
    return node !== undefined && this.electorate.speaksOfTicks?.(node) !== false;
  }

  async leave(instanceId: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.leave(instanceId)));
  }
}

function livingAmong(self: string, lists: readonly (readonly string[])[]): readonly string[] {
  // Of the nodes that answered: after one master is gone, the others still know everybody.
  const needed = quorumOf(lists.length);
  const living = [...countsOf(lists.flat())].filter(([, count]) => count >= needed).map(([member]) => member);
  if (!living.includes(self)) living.push(self);
  return living.sort();
}
