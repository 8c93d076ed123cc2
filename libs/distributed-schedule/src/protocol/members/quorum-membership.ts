/** Membership over N nodes: an instance is live when a majority of the nodes that answered has seen it lately. */

import type { ElectorateView } from '../contract/electorate-view.js';
import type { BeatVerdict, Membership, TickRef, VotingNode } from '../contract/ports.js';
import { countsOf, quorumOf } from '../contract/quorum.js';
import type { StandbyTicks } from '../contract/standby-set.js';
import { answersOf } from '../contract/voting-node.js';
import { decidePeeks, timeOf } from '../ledger/peek-votes.js';
import { settledAmong } from '../ledger/short-answers.js';
import { type StandbyLook, StandbySets, type Told } from './standby-sets.js';

export class QuorumMembership implements Membership {
  private readonly standbySets: StandbySets;

  /** @param leastTasks of a standby set that nodes are told; a simulated world has few tasks */
  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly electorate: ElectorateView,
    leastTasks?: number,
  ) {
    this.standbySets = new StandbySets(leastTasks);
  }

  async beat(instanceId: string, peeks: readonly TickRef[], standby?: StandbyTicks): Promise<BeatVerdict> {
    const look = this.standbySets.lookAt(peeks, standby);
    const beat = this.electorate.sendBeat();
    const asked = this.nodes.map((node, index) => look.askOf(node, index));
    const replies = await Promise.all(
      this.nodes.map((node, index) => {
        const { tasks = [], question } = asked[index] ?? {};
        return node.beat(instanceId, beat.sign, tasks, question);
      }),
    );
    this.electorate.heard(beat, replies);
    const answers = answersOf(replies);
    const told = replies.map((reply, index) =>
      reply.answered && this.speaksOfTicks(index) ? asked[index]?.read(reply.value) : undefined,
    );
    return {
      members: livingAmong(
        instanceId,
        answers.map((answer) => answer.members),
      ),
      nodesAnswering: answers.length,
      ...decideLook(look, instanceId, told, replies.map(timeOf)),
    };
  }

  private speaksOfTicks(index: number): boolean {
    const node = this.nodes[index];
    return node !== undefined && this.electorate.speaksOfTicks?.(node) !== false;
  }

  async leave(instanceId: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.leave(instanceId)));
  }
}

/** What the nodes say about the ticks of one look. */
function decideLook(
  look: StandbyLook,
  instanceId: string,
  told: readonly (Told | undefined)[],
  timesMs: readonly (number | undefined)[],
): Pick<BeatVerdict, 'peeks' | 'unsettled'> {
  const ofOthers = decidePeeks(
    look.others,
    told.map((one) => one?.others),
    timesMs,
  );
  const lists = told.map((one) => one?.ofSet);
  const ofSet = decidePeeks(look.ofSet, lists, timesMs);
  const withoutWord = told.filter((one) => one !== undefined && one.ofSet === undefined).length;
  const isSettled = settledAmong({ refs: look.ofSet, verdicts: ofSet, lists, withoutWord, instanceId });
  const settled = look.inOrder(
    isSettled,
    look.others.map(() => true),
  );
  return {
    peeks: look.inOrder(ofSet, ofOthers),
    unsettled: settled.flatMap((one, index) => (one ? [] : [index])),
  };
}

function livingAmong(self: string, lists: readonly (readonly string[])[]): readonly string[] {
  // Of the nodes that answered: after one master is gone, the others still know everybody.
  const needed = quorumOf(lists.length);
  const living = [...countsOf(lists.flat())].filter(([, count]) => count >= needed).map(([member]) => member);
  if (!living.includes(self)) living.push(self);
  return living.sort();
}
