/**
 * What every voting node must do, in memory or behind Redis. The memory node is the model of the scripts: this
 * suite is what holds the two together.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EARLY_MS, MARGIN_MS } from '#src/protocol/contract/constants.js';
import type { Claim, ClaimTerms, ClaimVote, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { signOf } from '../support/electorate.js';
import { answerOf, claimOf, type NodeHandle, type NodeStage, SET, Subject } from './voting-node-stage.js';

const LATENESS_MS = 400;
const SIGN = signOf(SET);

export function describeVotingNode(name: string, start: () => Promise<NodeStage>): void {
  describe(`the voting node ${name}`, () => {
    let stages: NodeStage;
    let stage: NodeHandle;
    let node: VotingNode;
    let terms: ClaimTerms;
    let names = 0;

    const newTask = (): string => {
      names += 1;
      return `task-${names}`;
    };
    const votes = async (...claims: readonly Claim[]): Promise<readonly ClaimVote[]> =>
      answerOf(await node.claim(claims, terms)).votes;
    const vote = async (claim: Claim): Promise<ClaimVote | undefined> => (await votes(claim))[0];
    /** A new node abstains from what it may have granted before: wait until it takes part. */
    const untilItVotes = async (): Promise<void> => {
      const subject = await Subject.voting(stage);
      terms = await subject.terms();
      await subject.grantableTick();
      while ((await vote(claimOf(newTask(), await stage.nowMs())))?.kind !== 'granted') {
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    beforeAll(async () => {
      stages = await start();
      stage = await stages.fresh();
      node = await stage.connect('n1');
      await untilItVotes();
    });
    afterAll(async () => stages?.close());

    it('tells whose newest claim a line has, and of other lines only where their lock is asked for', async () => {
      const [mine, yours] = [newTask(), newTask()];
      const tick = await stage.nowMs();
      await votes(claimOf(mine, tick, 'me:1'), claimOf(yours, tick, 'you:2'));
      const lines = [{ line: mine }, { line: yours }, { line: yours, lock: yours }];
      const { lines: traces } = answerOf(await node.inquire({ instanceId: 'me', lines }));
      // What it may have forgotten it says of every line, and it grants nothing there.
      expect(traces[0]?.floor).toBeLessThan(tick);
      const nothing = { floor: traces[0]?.floor, ends: { droppedUpTo: 0, ends: [] } };
      expect(nothing.floor).toBeGreaterThanOrEqual(0);
      expect(traces).toEqual([
        { newest: { tick, claimId: 'me:1' }, ...nothing },
        undefined,
        { newest: { tick, claimId: 'you:2' }, ...nothing },
      ]);
    });

    it('takes an instance that has beaten for alive, and knows nothing of others before it has been there for a while', async () => {
      const signOfInstance = async (instanceId: string): Promise<string> =>
        answerOf(await node.inquire({ instanceId, lines: [] })).sign;
      await node.beat('lively', SIGN, []);
      const seen = new Set<string>();
      while (!seen.has('alive')) {
        seen.add(await signOfInstance('lively'));
        await node.beat('lively', SIGN, []);
      }
      expect([...seen].filter((sign) => sign !== 'alive' && sign !== 'unknown')).toEqual([]);
      expect(['gone', 'silent']).toContain(await signOfInstance('never there'));
      await node.leave('lively');
      expect(['gone', 'silent']).toContain(await signOfInstance('lively'));
    });

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
      const given = await votes(claimOf(one, tick), claimOf(other, tick), claimOf(one, tick, 'you:2'));
      expect(given.map(({ kind }) => kind)).toEqual(['taken', 'granted', 'granted']);
    });

    it('sees within a batch what it has granted in the same batch', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      const given = await votes(claimOf(task, tick, 'me:1'), claimOf(task, tick, 'you:2'));
      expect(given).toEqual([{ kind: 'granted' }, { kind: 'taken', claimId: 'me:1' }]);
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
      const other = await stage.connect('n1');
      answerOf(await other.beat('other', SIGN, []));
      const beat = answerOf(await node.beat('me', SIGN, [task]));
      expect([...beat.members].sort()).toEqual(['me', 'other']);
      expect(beat.ticks).toEqual([{ tick, claimId: 'me:1' }]);
      answerOf(await other.leave('other'));
      expect(answerOf(await node.beat('me', SIGN, [])).members).toEqual(['me']);
    });

    it.each<[string, () => Promise<NodeReply<unknown>>]>([
      ['beat', () => node.beat('me', SIGN, [])],
      ['peek', () => node.peek([])],
      ['leave', () => node.leave('nobody')],
      ['give-back', () => node.giveBack([claimOf('none', 1)])],
      ['question for its id', () => node.renumber('', 0)],
    ])('begins to abstain with a %s, before anybody claims', async (_, ask) => {
      await stage.forget();
      answerOf(await ask());
      const [told] = answerOf(await node.peek(['unheard of']));
      const askedMs = await stage.nowMs();
      // Longer than a ms, so that a node which only begins now would show a later floor.
      while ((await stage.nowMs()) <= askedMs + 1) await new Promise((resolve) => setImmediate(resolve));
      expect(answerOf(await node.peek(['unheard of']))).toEqual([told]);
    });

    it('abstains from every tick that it may have forgotten, and from none after', async () => {
      const task = newTask();
      const tick = await stage.nowMs();
      await stage.forget();
      await untilItVotes();
      await vote(claimOf(task, await stage.nowMs(), 'me:1'));
      await stage.forget();
      const firstAskedMs = await stage.nowMs();
      terms = await (await Subject.voting(stage)).terms();
      expect(await vote(claimOf(task, tick, 'you:2'))).toEqual({ kind: 'late' });
      expect(await vote(claimOf(task, firstAskedMs, 'you:2'))).toEqual({ kind: 'quarantined' });
      expect(await vote(claimOf(task, firstAskedMs + EARLY_MS - 50, 'you:2'))).toEqual({
        kind: 'quarantined',
      });
      // Whoever asks what was started before must not take this node's silence for a no.
      const [told] = answerOf(await node.peek([task]));
      const [toldWithBeat] = answerOf(await node.beat('me', SIGN, [task])).ticks;
      expect(told?.floor).toBeGreaterThanOrEqual(firstAskedMs + EARLY_MS + MARGIN_MS);
      expect(toldWithBeat).toEqual(told);
      await untilItVotes();
      expect(await stage.nowMs()).toBeGreaterThanOrEqual(firstAskedMs + EARLY_MS + MARGIN_MS);
    });
  });
}
