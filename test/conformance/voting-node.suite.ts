/**
 * What every voting node must do, in memory or behind Redis. The memory node is the model of the scripts: this
 * suite is what holds the two together.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EARLY_MS, MARGIN_MS } from '../../libs/distributed-schedule/src/protocol/constants.js';
import type {
  Claim,
  ClaimVote,
  NodeReply,
  VotingNode,
} from '../../libs/distributed-schedule/src/protocol/ports.js';

/** One node, its instances, and what can happen to it. */
export interface VotingNodeStage {
  /** The node as an instance sees it that knows this node set. */
  connect(nodeSet: { readonly generation: number; readonly fingerprint: string }): Promise<VotingNode>;
  /** The node's clock, epoch ms. */
  nowMs(): Promise<number>;
  /** The node forgets everything. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

const LATENESS_MS = 400;
const NODE_SET = { generation: 2, fingerprint: 'abc' };

export function describeVotingNode(name: string, start: () => Promise<VotingNodeStage>): void {
  describe(`the voting node ${name}`, () => {
    let stage: VotingNodeStage;
    let node: VotingNode;
    let names = 0;

    const newTask = (): string => {
      names += 1;
      return `task-${names}`;
    };
    const claimOf = (task: string, tick: number, claimId = 'me:1'): Claim => ({
      task,
      tick,
      claimId,
      maxLatenessMs: LATENESS_MS,
    });
    const vote = async (claim: Claim): Promise<ClaimVote | undefined> =>
      answerOf(await node.claim([claim]))[0];
    /** A new node abstains from what it may have granted before: wait until it takes part. */
    const untilItVotes = async (): Promise<void> => {
      const task = newTask();
      while ((await vote(claimOf(task, await stage.nowMs())))?.kind !== 'granted') {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    beforeAll(async () => {
      stage = await start();
      node = await stage.connect(NODE_SET);
      await untilItVotes();
    });
    afterAll(async () => stage?.close());

    it('grants the first claim to a tick and names its owner to the second', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      expect(await vote(claimOf(task, tick, 'me:1'))).toEqual({ kind: 'granted' });
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'taken', claimId: 'me:1' });
    });

    it('grants a claim that is sent twice again', async () => {
      const claim = claimOf(newTask(), await stage.nowMs());
      expect(await vote(claim)).toEqual({ kind: 'granted' });
      expect(await vote(claim)).toEqual({ kind: 'granted' });
    });

    it('does not grant a tick below the newest one, and names nobody for it', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick + 10));
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'taken' });
    });

    it('refuses a tick that is further ahead than EARLY, and a tick that is too late', async () => {
      const task = newTask();
      const nowMs = await stage.nowMs();
      expect(await vote(claimOf(task, nowMs + EARLY_MS + 200))).toEqual({ kind: 'early' });
      expect(await vote(claimOf(task, nowMs - LATENESS_MS - 1))).toEqual({ kind: 'late' });
      expect(await vote(claimOf(task, nowMs))).toEqual({ kind: 'granted' });
    });

    it('keeps the tasks apart and answers a batch in its order', async () => {
      const [one, other] = [newTask(), newTask()];
      const tick = await stage.nowMs();
      await vote(claimOf(one, tick, 'you:2'));
      const votes = answerOf(
        await node.claim([claimOf(one, tick), claimOf(other, tick), claimOf(one, tick, 'you:2')]),
      );
      expect(votes.map(({ kind }) => kind)).toEqual(['taken', 'granted', 'granted']);
    });

    it('sees within a batch what it has granted in the same batch', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      const votes = answerOf(await node.claim([claimOf(task, tick, 'me:1'), claimOf(task, tick, 'you:2')]));
      expect(votes).toEqual([{ kind: 'granted' }, { kind: 'taken', claimId: 'me:1' }]);
    });

    it('lets another claim have a tick that was given back', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick, 'me:1'));
      answerOf(await node.giveBack([claimOf(task, tick, 'me:1')]));
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'granted' });
    });

    it('ignores a give-back of a claim that does not stand', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick, 'me:1'));
      answerOf(await node.giveBack([claimOf(task, tick, 'you:2'), claimOf(task, tick - 1, 'me:1')]));
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'taken', claimId: 'me:1' });
    });

    it('restores the tick before with a give-back, and only once', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick, 'them:0'));
      await vote(claimOf(task, tick + 10, 'me:1'));
      answerOf(await node.giveBack([claimOf(task, tick + 10, 'me:1')]));
      answerOf(await node.giveBack([claimOf(task, tick + 10, 'me:1')]));
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'taken' });
      expect(answerOf(await node.peek([task]))).toEqual([{ tick }]);
    });

    it('answers a peek with the newest tick and its owner, and with 0 for a task it does not know', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick, 'me:1'));
      const [known, unknown] = answerOf(await node.peek([task, newTask()]));
      expect(known).toEqual({ tick, claimId: 'me:1' });
      expect(unknown).toMatchObject({ tick: 0 });
    });

    it('keeps a tick to the millisecond', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick));
      expect(answerOf(await node.peek([task]))[0]?.tick).toBe(tick);
      expect(await vote(claimOf(task, tick + 1, 'you:2'))).toEqual({ kind: 'granted' });
    });

    it('lists whoever beats until it leaves, and answers peeks in the same message', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick, 'me:1'));
      const other = await stage.connect(NODE_SET);
      answerOf(await other.beat('other', []));
      const beat = answerOf(await node.beat('me', [task]));
      expect([...beat.members].sort()).toEqual(['me', 'other']);
      expect(beat.ticks).toEqual([{ tick, claimId: 'me:1' }]);
      answerOf(await other.leave('other'));
      expect(answerOf(await node.beat('me', [])).members).toEqual(['me']);
    });

    it('refuses another node set of the same generation, and every older generation', async () => {
      const different = await stage.connect({ ...NODE_SET, fingerprint: 'xyz' });
      const older = await stage.connect({ generation: 1, fingerprint: 'abc' });
      const claim = claimOf(newTask(), await stage.nowMs());
      expect(answerOf(await different.claim([claim]))).toEqual([{ kind: 'conflict' }]);
      expect(answerOf(await older.claim([claim]))).toEqual([{ kind: 'outdated' }]);
      expect(await vote(claim)).toEqual({ kind: 'granted' });
    });

    it('lets a newer node set in by a claim only: one beat must not fence the others', async () => {
      const newer = await stage.connect({ generation: 3, fingerprint: 'xyz' });
      answerOf(await newer.beat('newcomer', []));
      answerOf(await newer.leave('newcomer'));
      expect(await vote(claimOf(newTask(), await stage.nowMs()))).toEqual({ kind: 'granted' });
    });

    it.each<[string, () => Promise<NodeReply<unknown>>]>([
      ['beat', () => node.beat('me', [])],
      ['peek', () => node.peek([])],
      ['leave', () => node.leave('nobody')],
      ['give-back', () => node.giveBack([claimOf('none', 1)])],
    ])('begins to abstain with a %s, before anybody claims', async (_, ask) => {
      await stage.forget();
      answerOf(await ask());
      const votesAgainMs = (await stage.nowMs()) + EARLY_MS + MARGIN_MS;
      while ((await stage.nowMs()) <= votesAgainMs) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await vote(claimOf(newTask(), await stage.nowMs()))).toEqual({ kind: 'granted' });
    });

    it('abstains from every tick that it may have forgotten, and from none after', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await vote(claimOf(task, tick, 'me:1'));
      await stage.forget();
      const firstAskedMs = await stage.nowMs();
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'quarantined' });
      expect(await vote(claimOf(task, firstAskedMs + EARLY_MS - 50, 'you:2'))).toEqual({
        kind: 'quarantined',
      });
      // Whoever asks what was started before must not take this node's silence for a no.
      const [told] = answerOf(await node.peek([task]));
      const [toldWithBeat] = answerOf(await node.beat('me', [task])).ticks;
      expect(told?.floor).toBeGreaterThanOrEqual(firstAskedMs + EARLY_MS + MARGIN_MS);
      expect(toldWithBeat).toEqual(told);
      await untilItVotes();
      expect(await stage.nowMs()).toBeGreaterThanOrEqual(firstAskedMs + EARLY_MS + MARGIN_MS);
    });

    it('lets a newer generation in, and the older one never again', async () => {
      const newer = await stage.connect({ generation: 3, fingerprint: 'xyz' });
      const task = newTask();
      expect(answerOf(await newer.claim([claimOf(task, await stage.nowMs())]))).toEqual([
        { kind: 'granted' },
      ]);
      expect(await vote(claimOf(task, await stage.nowMs(), 'you:2'))).toEqual({ kind: 'outdated' });
    });
  });
}

function answerOf<T>(reply: NodeReply<T>): T {
  if (!reply.answered) throw new Error(`the node gave no answer: ${reply.reason}`);
  return reply.value;
}
