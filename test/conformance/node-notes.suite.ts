/** How ids of other nodes are noted, and when such notes give an id its vote. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EARLY_MS, MARGIN_MS } from '#src/protocol/contract/constants.js';
import { setOf, signOf } from '../support/electorate.js';
import { answerOf, claimOf, type NodeStage, SET, Subject } from './voting-node-stage.js';

export function describeNodeNotes(name: string, start: () => Promise<NodeStage>): void {
  let stage: NodeStage;
  let subject: Subject;

  beforeAll(async () => {
    stage = await start();
  });
  afterAll(async () => stage?.close());

  describe(`a node ${name} that is asked to note an id`, () => {
    beforeEach(async () => {
      subject = await Subject.meet(await stage.fresh());
    });

    it('does so without a vote and without a stamp, and tells its own id, its time and what it knows', async () => {
      const id = await subject.id();
      const beforeMs = await subject.handle.nowMs();
      await subject.note('n3', '2.c');
      const answer = await subject.note('n2', '1.b');
      expect(answer).toMatchObject({
        kind: 'noted',
        note: { noter: 'n1', noterId: id, ids: { n1: id, n2: '1.b', n3: '2.c' } },
      });
      if (answer.kind !== 'noted') return;
      expect(answer.note.hasVote).toBe(false);
      expect(answer.note.timeMs).toBeGreaterThanOrEqual(beforeMs);
      expect(answer.note.timeMs).toBeLessThanOrEqual(await subject.handle.nowMs());
      expect((await subject.identity()).noted).toEqual({ n2: '1.b', n3: '2.c' });
    });

    it('answers the same again, and tells only of positions of the set', async () => {
      await subject.note('n2', '1.b');
      await subject.note('n9', '1.z', setOf(['n1', 'n2', 'n9']));
      expect(await subject.note('n2', '1.b')).toMatchObject({ kind: 'noted', note: { ids: { n2: '1.b' } } });
      expect(Object.keys((await subject.identity()).noted)).toEqual(['n2']);
    });

    it('refuses an older one, and another one of the same counter, and names the newest', async () => {
      await subject.note('n2', '3.b');
      expect(await subject.note('n2', '2.x')).toEqual({ kind: 'not_newer', newest: '3.b' });
      expect(await subject.note('n2', '3.a')).toEqual({ kind: 'not_newer', newest: '3.b' });
      expect(await subject.note('n2', '3.c')).toEqual({ kind: 'not_newer', newest: '3.b' });
      expect((await subject.note('n2', '10.x')).kind).toBe('noted');
      expect(await subject.note('n2', '9.x')).toEqual({ kind: 'not_newer', newest: '10.x' });
    });

    it('refuses while a live instance’s last beat names another one', async () => {
      await subject.note('n2', '1.b');
      answerOf(await subject.node.beat('ann', signOf(SET, { n1: '1.a', n2: '1.b', n3: '2.x' }), []));
      expect(await subject.note('n2', '2.x')).toEqual({ kind: 'in_use', by: 'ann' });
      expect((await subject.note('n3', '2.x')).kind).toBe('noted');
      answerOf(await subject.node.beat('ann', signOf(SET, { n1: '1.a' }), []));
      expect((await subject.note('n2', '2.x')).kind).toBe('noted');
      answerOf(await subject.node.beat('bob', signOf(SET, { n2: '2.x' }, { yields: true }), []));
      expect(await subject.note('n2', '3.x')).toEqual({ kind: 'in_use', by: 'bob' });
      answerOf(await subject.node.leave('bob'));
      expect((await subject.note('n2', '3.x')).kind).toBe('noted');
    });

    it('refuses a set that need not meet the one on record, and no other one', async () => {
      await subject.stamp();
      expect(await subject.note('n2', '1.b', setOf(['n1', 'n2', 'n9']))).toEqual({ kind: 'foreign' });
      expect(await subject.note('n2', '1.b', setOf(SET.positions, 1, 5_000))).toEqual({ kind: 'foreign' });
      expect((await subject.note('n2', '1.b', setOf(['n1', 'n2', 'n3', 'n4'], 2))).kind).toBe('noted');
      expect((await subject.note('n2', '1.b')).kind).toBe('noted');
    });

    it('puts no earlier time on its note than the newest instant that it has granted', async () => {
      await subject.stamp();
      await subject.confirmByAll();
      const tick = (await subject.grantableTick()) + EARLY_MS / 2 - 5;
      expect(await subject.vote(claimOf('a', tick))).toBe('granted');
      expect(await subject.vote(claimOf('b', tick - 20))).toBe('granted');
      const answer = await subject.note('n2', '2.x');
      expect(answer.kind === 'noted' && answer.note.timeMs).toBeGreaterThanOrEqual(tick);
      answerOf(await subject.node.giveBack([claimOf('a', tick)]));
      const again = await subject.note('n2', '2.x');
      expect(again.kind === 'noted' && again.note.timeMs).toBeGreaterThanOrEqual(tick);
    });
  });

  describe(`a node ${name} without a vote`, () => {
    beforeEach(async () => {
      subject = await Subject.meet(await stage.fresh());
    });

    it('votes when both of the others have noted its id, and not with one of them', async () => {
      const [two, three] = [await subject.noteBy('n2'), await subject.noteBy('n3')];
      expect(await subject.confirm([two])).toEqual({ kind: 'void', have: 1 });
      expect(await subject.confirm([])).toEqual({ kind: 'void', have: 0 });
      expect((await subject.identity()).hasVote).toBe(false);
      expect(await subject.confirm([two, three])).toEqual({ kind: 'voting' });
      expect((await subject.identity()).hasVote).toBe(true);
      expect(await subject.confirm([])).toEqual({ kind: 'voting' });
    });

    it.each([
      ['one alone', ['n1'], 0],
      ['two', ['n1', 'n2'], 1],
      ['four', ['n1', 'n2', 'n3', 'n4'], 3],
      ['five', ['n1', 'n2', 'n3', 'n4', 'n5'], 3],
      ['six', ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'], 5],
      ['seven', ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'], 4],
    ])('of %s nodes needs as many notes as it takes', async (_, positions, needed) => {
      subject = await Subject.meet(subject.handle, setOf(positions));
      const notes = [];
      for (const noter of positions.slice(1)) notes.push(await subject.noteBy(noter));
      if (needed > 0) {
        expect(await subject.confirm(notes.slice(0, needed - 1))).toEqual({ kind: 'void', have: needed - 1 });
      }
      expect(await subject.confirm(notes.slice(0, needed))).toEqual({ kind: 'voting' });
    });

    it('of five nodes counts notes of nodes that vote, or those of all others', async () => {
      subject = await Subject.meet(subject.handle, setOf(['n1', 'n2', 'n3', 'n4', 'n5']));
      const [two, three, four] = [
        await subject.noteBy('n2'),
        await subject.noteBy('n3'),
        await subject.noteBy('n4', { hasVote: false }),
      ];
      expect(await subject.confirm([two, three, four])).toEqual({ kind: 'void', have: 3 });
      const five = await subject.noteBy('n5', { hasVote: false });
      expect(await subject.confirm([two, three, four, five])).toEqual({ kind: 'voting' });
    });

    it('counts a noter as one that votes where any of its notes says so, in any order', async () => {
      subject = await Subject.meet(subject.handle, setOf(['n1', 'n2', 'n3', 'n4', 'n5']));
      const before = await subject.noteBy('n2', { hasVote: false });
      const [two, three, four] = [
        await subject.noteBy('n2'),
        await subject.noteBy('n3'),
        await subject.noteBy('n4'),
      ];
      expect(await subject.confirm([before, three, four])).toEqual({ kind: 'void', have: 3 });
      expect(await subject.confirm([before, two, three])).toEqual({ kind: 'void', have: 2 });
      expect(await subject.confirm([before, two, three, four])).toEqual({ kind: 'voting' });
    });

    it('counts no note twice, none of its own and none of a stranger', async () => {
      const two = await subject.noteBy('n2');
      expect(await subject.confirm([two, two])).toEqual({ kind: 'void', have: 1 });
      const own = await subject.noteBy('n1');
      const stranger = await subject.noteBy('n9');
      expect(await subject.confirm([two, own, stranger])).toEqual({ kind: 'void', have: 1 });
    });

    it('counts no note that was made for another id of it', async () => {
      const id = await subject.id();
      const three = await subject.noteBy('n3');
      for (const n1 of ['2.newer', '0.older', `${id}x`]) {
        const other = await subject.noteBy('n2', { ids: await subject.ids({ n1 }) });
        expect(await subject.confirm([other, three])).toEqual({ kind: 'void', have: 1 });
      }
      const silent = await subject.noteBy('n2', { ids: { n2: '1.n2' } });
      expect(await subject.confirm([silent, three])).toEqual({ kind: 'void', have: 1 });
    });

    it('counts no note of a memory that another note knows to be gone', async () => {
      const two = await subject.noteBy('n2');
      for (const n2 of ['2.newer', '1.other']) {
        const three = await subject.noteBy('n3', { ids: await subject.ids({ n2 }) });
        expect(await subject.confirm([two, three])).toEqual({ kind: 'void', have: 1 });
        expect(await subject.confirm([three, two])).toEqual({ kind: 'void', have: 1 });
      }
      const newer = await subject.noteBy('n2', { noterId: '2.newer' });
      expect(await subject.confirm([two, newer])).toEqual({ kind: 'void', have: 1 });
      const older = await subject.noteBy('n3', { ids: await subject.ids({ n2: '0.old' }) });
      expect(await subject.confirm([two, older])).toEqual({ kind: 'voting' });
    });

    it('counts no note of a memory that it knows itself to be gone', async () => {
      await subject.note('n2', '2.newer');
      const [two, three] = [await subject.noteBy('n2'), await subject.noteBy('n3')];
      expect(await subject.confirm([two, three])).toEqual({ kind: 'void', have: 1 });
      const newer = await subject.noteBy('n2', { noterId: '2.newer' });
      expect(await subject.confirm([newer, three])).toEqual({ kind: 'voting' });
    });

    it('refuses, when it votes, what any of the notes may have granted, void or not', async () => {
      const nowMs = await subject.handle.nowMs();
      const void2 = await subject.noteBy('n2', { noterId: '0.gone', timeMs: nowMs + 70_000 });
      const notes = [
        await subject.noteBy('n2', { timeMs: nowMs + 50_000 }),
        void2,
        await subject.noteBy('n3', { timeMs: nowMs + 60_000 }),
      ];
      expect(await subject.confirm(notes)).toEqual({ kind: 'voting' });
      expect(await subject.floor()).toBe(nowMs + 70_000 + EARLY_MS + MARGIN_MS);
    });

    it('does not lower its floor to the time of a note', async () => {
      const floorMs = await subject.floor();
      await subject.confirm([
        await subject.noteBy('n2', { timeMs: 1 }),
        await subject.noteBy('n3', { timeMs: 2 }),
      ]);
      expect(await subject.floor()).toBe(floorMs);
    });

    it('takes over the newest of all ids in the notes, and nothing while it does not vote', async () => {
      await subject.note('n3', '4.c');
      const two = await subject.noteBy('n2', { ids: await subject.ids({ n2: '2.b', n3: '3.z' }) });
      const newTwo = { ...two, noterId: '2.b' };
      expect((await subject.confirm([newTwo])).kind).toBe('void');
      expect((await subject.identity()).noted).toEqual({ n3: '4.c' });
      const three = await subject.noteBy('n3', { noterId: '5.c', ids: await subject.ids({ n2: '1.y' }) });
      expect((await subject.confirm([newTwo, three])).kind).toBe('voting');
      expect((await subject.identity()).noted).toEqual({ n2: '2.b', n3: '5.c' });
    });

    it('votes with what a majority knows when the wait has ended, and says that it was forced', async () => {
      const two = await subject.noteBy('n2');
      const { sinceMs } = await subject.identity();
      expect(await subject.confirm([two], 60_000)).toEqual({ kind: 'waiting', untilMs: sinceMs + 60_000 });
      expect(await subject.confirm([two], Number.POSITIVE_INFINITY)).toEqual({ kind: 'void', have: 1 });
      expect(await subject.confirm([], 0)).toEqual({ kind: 'waiting', untilMs: sinceMs });
      expect(await subject.confirm([two], 0)).toEqual({ kind: 'voting', isForced: true });
      expect(await subject.confirm([two], 0)).toEqual({ kind: 'voting' });
    });

    it('confirms no other id than the one that stands', async () => {
      const [two, three] = [await subject.noteBy('n2'), await subject.noteBy('n3')];
      const before = await subject.id();
      await subject.handle.restart();
      const id = await subject.id();
      expect(await subject.confirm([two, three], undefined, before)).toEqual({ kind: 'other_id', id });
      expect((await subject.identity()).hasVote).toBe(false);
    });

    it('gives no vote for a set that need not meet the one on record', async () => {
      await subject.stamp(setOf(['n1', 'n8', 'n9']));
      expect(await subject.confirm([await subject.noteBy('n2'), await subject.noteBy('n3')])).toEqual({
        kind: 'foreign',
      });
      const alone = await Subject.meet(subject.handle, setOf(['single']), 'single');
      expect(await alone.confirm([])).toEqual({ kind: 'foreign' });
    });
  });
}
