/** Which set of nodes a node votes for, and which sets it shows: the stamp, and the signs of those that live. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EARLY_MS, MARGIN_MS } from '#src/protocol/contract/constants.js';
import type { NodeIdentity } from '#src/protocol/contract/node-identity.js';
import { stampText } from '#src/protocol/contract/node-set.js';
import { setOf, signOf } from '../support/electorate.js';
import { answerOf, claimOf, type NodeStage, SET, Subject } from './voting-node-stage.js';

export function describeNodeSets(name: string, start: () => Promise<NodeStage>): void {
  describe(`the sets that a node ${name} has met`, () => {
    let stage: NodeStage;
    let subject: Subject;

    beforeAll(async () => {
      stage = await start();
    });
    afterAll(async () => stage?.close());
    beforeEach(async () => {
      subject = await Subject.meet(await stage.fresh());
    });

    it('give no vote to anybody before one of them is on record', async () => {
      expect(await subject.vote(claimOf('a', 1))).toBe('unstamped');
      await subject.stamp();
      expect(await subject.vote(claimOf('a', 1))).not.toBe('unstamped');
    });

    it('give no vote while the stamp is provisional, and let nobody else start', async () => {
      expect(await subject.stampSince(0)).toBe('stamped');
      expect(await subject.vote(claimOf('a', 1))).toBe('unstamped');
      expect(await subject.note('n2', '1.b', setOf(['n1', 'n8', 'n9']))).toEqual({ kind: 'foreign' });
      expect(await subject.stamp(setOf(['n1']))).toBe('changed');
      const { stamp } = await subject.identity();
      expect(stamp?.sinceMs).toBe(0);
      expect(await subject.stamp(SET, stamp && stampText(stamp))).toBe('stamped');
      expect(await subject.vote(claimOf('a', 1))).toBe('unconfirmed');
    });

    it('are stamped only in place of the very one that the caller has seen', async () => {
      expect(await subject.stamp(setOf(['n1']))).toBe('stamped');
      expect(await subject.stamp(SET)).toBe('changed');
      expect(await subject.stamp(SET, subject.stampText(SET))).toBe('changed');
      expect((await subject.identity()).stamp).toEqual({ set: setOf(['n1']), app: 'test', sinceMs: 7 });
      expect(await subject.stamp(SET, subject.stampText(setOf(['n1'])))).toBe('stamped');
      expect((await subject.identity()).stamp).toEqual({ set: SET, app: 'test', sinceMs: 7 });
    });

    it('are not stamped in another memory than the one that was decided on', async () => {
      const stamp = { set: SET, app: 'test', sinceMs: 7 };
      const request = { stamp, expected: '', raiseFloor: false, deadlineMs: 0 };
      const id = await subject.id();
      expect(answerOf(await subject.node.stamp({ ...request, id: '9.gone' }))).toBe('changed');
      expect(answerOf(await subject.node.stamp({ ...request, id }))).toBe('stamped');
    });

    it('are not stamped by a message that comes after its deadline', async () => {
      const nowMs = await subject.handle.nowMs();
      expect(await subject.stamp(SET, '', false, nowMs - 1)).toBe('too_late');
      expect((await subject.identity()).stamp).toBeUndefined();
      expect(await subject.stamp(SET, '', false, nowMs + 60_000)).toBe('stamped');
    });

    it('are taken over with a raised floor where that is asked for, and only there', async () => {
      const floorMs = await subject.floor();
      while ((await subject.handle.nowMs()) <= floorMs - EARLY_MS - MARGIN_MS + 1);
      await subject.stamp(SET);
      expect(await subject.floor()).toBe(floorMs);
      const beforeMs = await subject.handle.nowMs();
      await subject.stamp(setOf(['n1']), subject.stampText(SET), true);
      expect(await subject.floor()).toBeGreaterThanOrEqual(beforeMs + EARLY_MS + MARGIN_MS);
    });

    it('are taken over with a floor above the instant since which the new one stands', async () => {
      const sinceMs = (await subject.handle.nowMs()) + 40_000;
      const stamp = { set: SET, app: 'test', sinceMs };
      answerOf(await subject.node.stamp({ stamp, expected: '', raiseFloor: true, deadlineMs: 0 }));
      expect(await subject.floor()).toBe(sinceMs + EARLY_MS + MARGIN_MS);
    });

    it('are put with a floor above an instant by the clock of another node', async () => {
      const floorFromMs = (await subject.handle.nowMs()) + 40_000;
      const stamp = { set: SET, app: 'test', sinceMs: 7 };
      const before = await subject.floor();
      const low = { stamp, expected: '', raiseFloor: false, floorFromMs: 5, deadlineMs: 0 };
      expect(answerOf(await subject.node.stamp(low))).toBe('stamped');
      expect(await subject.floor()).toBe(before);
      const expected = stampText((await subject.identity()).stamp ?? stamp);
      answerOf(await subject.node.stamp({ ...low, expected, floorFromMs }));
      expect(await subject.floor()).toBe(floorFromMs + EARLY_MS + MARGIN_MS);
    });

    it('keep the name of an application that has blanks, or none', async () => {
      const stamp = { set: SET, app: 'my shop | eu', sinceMs: 7 };
      await subject.node.stamp({ stamp, expected: '', raiseFloor: false, deadlineMs: 0 });
      expect((await subject.identity()).stamp).toEqual(stamp);
      const nameless = await Subject.meet(await stage.fresh());
      await nameless.node.stamp({
        stamp: { ...stamp, app: '' },
        expected: '',
        raiseFloor: false,
        deadlineMs: 0,
      });
      expect((await nameless.identity()).stamp).toEqual({ ...stamp, app: '' });
      expect(await nameless.vote(claimOf('a', 1))).toBe('unconfirmed');
    });

    it.each([
      ['goes on for the set on record', SET, 'unconfirmed'],
      ['is outdated for an older generation', setOf(['n1', 'n2', 'n3'], 1), 'outdated'],
      ['is unstamped for a newer one, whose stamp comes first', setOf(['n1', 'n2', 'n3'], 3), 'unstamped'],
      ['goes on for a set whose majorities must meet', setOf(['n1', 'n2', 'n3', 'n4'], 2), 'unconfirmed'],
      ['conflicts with one whose majorities need not', setOf(['n1', 'n2', 'n4'], 2), 'conflict'],
      ['conflicts with the same nodes and other leases', setOf(['n1', 'n2', 'n3'], 2, 3_001), 'conflict'],
      ['conflicts with one node alone', setOf(['single'], 2), 'conflict'],
      ['conflicts with a set of which it is the only common node', setOf(['n1', 'n4', 'n5'], 2), 'conflict'],
    ])('%s', async (_, asking, expected) => {
      const recorded = setOf(SET.positions, 2);
      await subject.stamp(recorded);
      const set = asking === SET ? recorded : asking;
      expect(await subject.vote(claimOf('a', 1), { set })).toBe(expected);
    });

    it('are shown where live instances show them: how many, since when, and apart those that yield', async () => {
      const other = setOf(['n1', 'n8', 'n9']);
      const third = setOf(['single'], 4);
      const { node } = subject;
      await node.beat('a', signOf(other, {}, { standsSinceMs: 90, app: 'first' }), []);
      await node.beat('b', signOf(other, {}, { standsSinceMs: 80, app: 'first' }), []);
      await node.beat('c', signOf(other, {}, { app: 'first' }), []);
      await node.beat('d', signOf(third, {}, { app: 'second one' }), []);
      await node.beat('e', signOf(third, {}, { yields: true, standsSinceMs: 70, app: 'second one' }), []);
      await node.beat('f', signOf(SET), []);
      const { identity, members } = answerOf(await node.beat('me', signOf(SET), []));
      expect([...members].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'me']);
      expect(sorted(identity)).toEqual([
        { set: other, standsSinceMs: 80, instances: 3, app: 'first', yields: false },
        { set: third, standsSinceMs: undefined, instances: 1, app: 'second one', yields: false },
        { set: third, standsSinceMs: 70, instances: 1, app: 'second one', yields: true },
      ]);
    });

    it('are shown no longer when their instances have left, or changed their mind', async () => {
      const other = setOf(['n1', 'n8', 'n9']);
      await subject.node.beat('a', signOf(other), []);
      await subject.node.beat('b', signOf(other), []);
      expect((await subject.identity()).liveSets).toMatchObject([{ instances: 2 }]);
      await subject.node.leave('a');
      await subject.node.beat('b', signOf(SET), []);
      expect((await subject.identity()).liveSets).toEqual([]);
    });

    it('leave a node as it is that another version of the protocol has written', async () => {
      await subject.stamp();
      const ids = await subject.ids();
      await subject.handle.writeVersion('7');
      const refused = { answered: false, reason: 'DSCHEDVERSION 7', otherVersion: 7 };
      const { node } = subject;
      expect(await node.claim([claimOf('a', 1)], { set: SET, ids, deadlineMs: 0 })).toEqual(refused);
      expect(await node.beat('me', signOf(SET), [])).toEqual(refused);
      expect(await node.peek(['a'])).toEqual(refused);
      expect(await node.giveBack([claimOf('a', 1)])).toEqual(refused);
      expect(await node.leave('me')).toEqual(refused);
      expect(await node.note({ position: 'n2', id: '1.b', set: SET })).toEqual(refused);
      expect(await node.renumber('', 0)).toEqual(refused);
      expect(await node.confirm({ id: '1.a', notes: [], set: SET, waitMs: 0 })).toEqual(refused);
      const stamp = { set: SET, app: 'test', sinceMs: 8 };
      expect(
        await node.stamp({ stamp, expected: subject.stampText(), raiseFloor: false, deadlineMs: 0 }),
      ).toEqual(refused);
      // Also where a restart would have made a new id: nothing is written.
      await subject.handle.restart();
      expect(await node.peek(['a'])).toEqual(refused);
      await subject.handle.writeVersion('1');
      expect(await subject.identity()).toMatchObject({ stamp: { sinceMs: 7 }, liveSets: [] });
    });
  });
}

function sorted({ liveSets }: NodeIdentity): NodeIdentity['liveSets'] {
  return [...liveSets].sort(
    (one, other) => one.set.generation - other.set.generation || Number(one.yields) - Number(other.yields),
  );
}
