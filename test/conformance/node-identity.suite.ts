/** Which memory of which server answers, and which claims it refuses for the ids that they name. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counterOf } from '#src/protocol/contract/ledger-id.js';
import { setOf, signOf } from '../support/electorate.js';
import { answerOf, claimOf, type NodeStage, SET, Subject } from './voting-node-stage.js';

export function describeNodeIdentity(name: string, start: () => Promise<NodeStage>): void {
  let stage: NodeStage;
  let subject: Subject;

  beforeAll(async () => {
    stage = await start();
  });
  afterAll(async () => stage?.close());

  describe(`the id of a node ${name}`, () => {
    beforeEach(async () => {
      subject = await Subject.voting(await stage.fresh());
    });

    it('is a new one without a vote and above the old one when another process goes on with the data', async () => {
      const before = await subject.identity();
      expect(before).toMatchObject({ hasVote: true, noted: { n2: '1.n2', n3: '1.n3' } });
      expect(counterOf(before.id)).toBe(1);
      await subject.handle.restart();
      const after = await subject.identity();
      expect(counterOf(after.id)).toBe(2);
      expect(after.id.split('.')[1]).not.toBe(before.id.split('.')[1]);
      expect(after).toMatchObject({ hasVote: false, noted: before.noted, stamp: before.stamp });
      expect(after.sinceMs).toBeGreaterThanOrEqual(before.sinceMs);
      expect(await subject.vote(claimOf('a', 1))).toBe('unconfirmed');
    });

    it('is a new one without a stamp when everything is forgotten', async () => {
      const before = await subject.id();
      await subject.handle.forget();
      const after = await subject.identity();
      expect(after).toMatchObject({ hasVote: false, noted: {}, stamp: undefined });
      expect(after.id).not.toBe(before);
      expect(await subject.vote(claimOf('a', 1))).toBe('unstamped');
    });

    it('tells since when it has listened, on the clock that it shows', async () => {
      await subject.handle.restart();
      const beforeMs = await subject.handle.nowMs();
      await subject.id();
      const { sinceMs, nowMs } = await subject.identity();
      expect(sinceMs).toBeGreaterThanOrEqual(beforeMs);
      expect(nowMs).toBeGreaterThanOrEqual(sinceMs);
      expect(nowMs).toBeLessThanOrEqual(await subject.handle.nowMs());
    });

    it('is what a claim must name, and is told where it does not', async () => {
      const id = await subject.id();
      const claim = claimOf('a', 1);
      const ids = await subject.ids();
      expect(await subject.ask(claim, { ids: { ...ids, n1: '1.other' } })).toEqual({
        votes: [{ kind: 'renamed' }],
        ids: { n1: id },
      });
      expect(await subject.ask(claim, { ids: { ...ids, n1: '9.other' } })).toMatchObject({ ids: { n1: id } });
      expect(await subject.ask(claim, { ids: { n2: '1.n2' } })).toMatchObject({ ids: { n1: id } });
      expect((await subject.ask(claim)).votes).not.toEqual([{ kind: 'renamed' }]);
    });

    it('votes at the position where it was confirmed, and at no other one', async () => {
      const elsewhere = await subject.handle.connect('n3');
      const id = await subject.id();
      const terms = { set: SET, ids: { n3: id }, deadlineMs: 0 };
      expect(answerOf(await elsewhere.claim([claimOf('a', 1)], terms)).votes).toEqual([
        { kind: 'unconfirmed' },
      ]);
      const { identity } = answerOf(await elsewhere.beat('me', signOf(SET), []));
      expect(identity).toMatchObject({ id, hasVote: false });
    });

    it('gives its vote up for a higher counter only, and listens anew from then on', async () => {
      const voting = await subject.id();
      const { sinceMs } = await subject.identity();
      expect(answerOf(await subject.node.renumber(voting, 1))).toBe(voting);
      expect(await subject.identity()).toMatchObject({ id: voting, hasVote: true, sinceMs });
      while ((await subject.handle.nowMs()) <= sinceMs);
      const renumbered = answerOf(await subject.node.renumber(voting, 2));
      expect(renumbered).toBe(`2.${voting.split('.')[1]}`);
      const after = await subject.identity();
      expect(after).toMatchObject({ id: renumbered, hasVote: false });
      expect(after.sinceMs).toBeGreaterThan(sinceMs);
    });

    it('takes a higher counter only while it stands', async () => {
      const voting = await subject.id();
      await subject.handle.restart();
      const id = await subject.id();
      expect(answerOf(await subject.node.renumber(voting, 7))).toBe(id);
      const renumbered = answerOf(await subject.node.renumber(id, 7));
      expect(renumbered).toBe(`7.${id.split('.')[1]}`);
      expect(answerOf(await subject.node.renumber(id, 8))).toBe(renumbered);
      expect(answerOf(await subject.node.renumber(renumbered, 3))).toBe(renumbered);
      expect(await subject.id()).toBe(renumbered);
    });
  });

  describe(`a claim to a node ${name} that has noted the others`, () => {
    beforeEach(async () => {
      subject = await Subject.voting(await stage.fresh());
      await subject.note('n2', '4.b');
    });

    it('is refused for an older id of another position, and for another one of the same counter', async () => {
      const ask = async (n2: string) => subject.ask(claimOf('a', 1), { ids: await subject.ids({ n2 }) });
      expect(await ask('3.z')).toEqual({ votes: [{ kind: 'renamed' }], ids: { n2: '4.b' } });
      expect(await ask('4.a')).toEqual({ votes: [{ kind: 'renamed' }], ids: { n2: '4.b' } });
      expect((await ask('4.b')).votes).not.toContainEqual({ kind: 'renamed' });
      expect((await ask('5.x')).votes).not.toContainEqual({ kind: 'renamed' });
    });

    it('is not refused for a position that it does not count', async () => {
      const ids = { n1: await subject.id(), n3: '1.n3' };
      expect(await subject.vote(claimOf('a', 1), { ids })).toBe('late');
    });

    it('is refused as a whole, one vote per claim, with all newer ids', async () => {
      await subject.note('n3', '6.c');
      const terms = await subject.terms({ ids: { n1: '0.x', n2: '3.b', n3: '5.c' } });
      const reply = answerOf(await subject.node.claim([claimOf('a', 1), claimOf('b', 1)], terms));
      expect(reply.votes).toEqual([{ kind: 'renamed' }, { kind: 'renamed' }]);
      expect(reply.ids).toEqual({ n1: await subject.id(), n2: '4.b', n3: '6.c' });
    });

    it('is refused also where that very claim stands, before anything else is looked at', async () => {
      const claim = claimOf('a', await subject.grantableTick());
      const ids = await subject.ids({ n2: '4.b' });
      const other = setOf(['n1', 'n8', 'n9']);
      const nowMs = await subject.handle.nowMs();
      expect(await subject.vote(claim, { ids })).toBe('granted');
      expect(await subject.vote(claim, { ids })).toBe('granted');
      expect(await subject.vote(claim, { ids, deadlineMs: nowMs - 1 })).toBe('too_late');
      expect(await subject.vote(claim, { ids: { ...ids, n2: '3.b' }, deadlineMs: nowMs - 1 })).toBe(
        'renamed',
      );
      expect(await subject.vote(claim, { ids: {}, set: other })).toBe('conflict');
      expect(await subject.vote(claim, { ids, deadlineMs: nowMs + 60_000 })).toBe('granted');
    });

    it('is renamed, unconfirmed and too late in this order', async () => {
      await subject.handle.restart();
      const ids = await subject.ids({ n2: '4.b' });
      const late = { deadlineMs: 1 };
      expect(await subject.vote(claimOf('a', 1), { ids: { ...ids, n2: '3.b' }, ...late })).toBe('renamed');
      expect(await subject.vote(claimOf('a', 1), { ids, ...late })).toBe('unconfirmed');
      await subject.confirm([
        await subject.noteBy('n2', { noterId: '4.b', ids }),
        await subject.noteBy('n3', { ids }),
      ]);
      expect(await subject.vote(claimOf('a', 1), { ids, ...late })).toBe('too_late');
      expect(await subject.vote(claimOf('a', 1), { ids })).toBe('late');
    });
  });
}
