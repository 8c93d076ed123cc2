/** How a node names a clock that was set back, and leaves behind what that clock has granted. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EARLY_MS, MARGIN_MS } from '#src/protocol/contract/constants.js';
import type { EpochAnswer } from '#src/protocol/contract/node-identity.js';
import { answerOf, claimOf, type NodeStage, Subject } from './voting-node-stage.js';

const HOUR_MS = 3_600_000;

export function describeNodeEpochs(name: string, start: () => Promise<NodeStage>): void {
  let stage: NodeStage;
  let subject: Subject;

  const raise = async (epoch: number): Promise<EpochAnswer> => answerOf(await subject.node.raiseEpoch(epoch));
  /** Another node has noted it whose clock was an hour ahead: what that one knows stands as a floor. */
  const confirmByAnHourAhead = async (epoch = 0): Promise<void> => {
    const timeMs = (await subject.handle.nowMs()) + HOUR_MS;
    await subject.confirm([
      await subject.noteBy('n2', { timeMs, epoch }),
      await subject.noteBy('n3', { epoch }),
    ]);
  };

  beforeAll(async () => {
    stage = await start();
  });
  afterAll(async () => stage?.close());

  describe(`a node ${name} that was told of an instant an hour ahead`, () => {
    beforeEach(async () => {
      subject = await Subject.meet(await stage.fresh());
      await subject.stamp();
      await confirmByAnHourAhead();
    });

    it('refuses every tick, and says by how much a clock was set back', async () => {
      const claim = claimOf('settle', await subject.handle.nowMs());
      const [vote] = (await subject.ask(claim)).votes;
      expect(vote).toMatchObject({ kind: 'quarantined' });
      expect(vote).toHaveProperty('setBackMs');
      const { setBackMs, epoch } = await subject.identity();
      expect(setBackMs).toBeGreaterThan(HOUR_MS - 60_000);
      expect(setBackMs).toBeLessThanOrEqual(HOUR_MS);
      expect(epoch).toBe(0);
    });

    it('answers where it stands, and changes nothing, when it is asked for an epoch that has begun', async () => {
      const id = await subject.id();
      expect(await raise(0)).toMatchObject({ isRaised: false, id, epoch: 0 });
      expect(await subject.identity()).toMatchObject({ id, hasVote: true });
    });

    it('leaves it behind with a new epoch: a new id without a vote, and a floor of now', async () => {
      const id = await subject.id();
      const answer = await raise(1);
      expect(answer).toMatchObject({ isRaised: true, epoch: 1 });
      expect(answer.setBackMs).toBeGreaterThan(HOUR_MS - 60_000);
      expect(Number(answer.id.split('.')[0])).toBe(Number(id.split('.')[0]) + 1);
      expect(await subject.identity()).toMatchObject({
        id: answer.id,
        hasVote: false,
        epoch: 1,
        setBackMs: 0,
      });
      await subject.note('n2', '1.n2');
      const noted = await subject.note('n3', '1.n3');
      const nowMs = await subject.handle.nowMs();
      expect(noted.kind === 'noted' && noted.note.timeMs).toBeLessThanOrEqual(nowMs);
      expect(noted).toMatchObject({ note: { epoch: 1 } });
    });

    it('does it once: a copy that comes again, or late, finds it done', async () => {
      await raise(2);
      const { id } = await subject.identity();
      expect(await raise(2)).toMatchObject({ isRaised: false, id, epoch: 2 });
      expect(await raise(1)).toMatchObject({ isRaised: false, id, epoch: 2 });
    });

    it('votes again with notes of its epoch, and grants what comes after its floor', async () => {
      await raise(1);
      await subject.confirm([
        await subject.noteBy('n2', { epoch: 1 }),
        await subject.noteBy('n3', { epoch: 1 }),
      ]);
      expect((await subject.identity()).hasVote).toBe(true);
      const atMs = await subject.handle.nowMs();
      expect(await subject.vote(claimOf('settle', atMs))).toBe('quarantined');
      const afterFloorMs = atMs + EARLY_MS + MARGIN_MS + 200;
      while ((await subject.handle.nowMs()) < afterFloorMs) await new Promise((wake) => setTimeout(wake, 20));
      expect(await subject.vote(claimOf('settle', afterFloorMs))).toBe('granted');
    });

    it('takes back the instant since when its set stands where that lies ahead, and leaves one that has come', async () => {
      const { nowMs, stamp: before } = await subject.identity();
      expect(before?.sinceMs).toBe(7);
      await raise(1);
      expect((await subject.identity()).stamp).toEqual(before);
      const ahead = { set: subject.set, app: 'shop 1', sinceMs: nowMs + HOUR_MS };
      const expected = subject.stampText();
      answerOf(await subject.node.stamp({ stamp: ahead, expected, raiseFloor: false, deadlineMs: 0 }));
      await raise(2);
      const { stamp, nowMs: afterMs } = await subject.identity();
      expect(stamp).toMatchObject({ set: subject.set, app: 'shop 1' });
      expect(stamp?.sinceMs).toBeGreaterThanOrEqual(nowMs);
      expect(stamp?.sinceMs).toBeLessThanOrEqual(afterMs);
    });

    it('takes no note of an older epoch: neither as one that counts, nor as a floor', async () => {
      await raise(1);
      await confirmByAnHourAhead(0);
      expect(await subject.identity()).toMatchObject({ hasVote: false, setBackMs: 0 });
      const old = await subject.noteBy('n2', { epoch: 0, timeMs: (await subject.handle.nowMs()) + HOUR_MS });
      const [n2, n3] = [await subject.noteBy('n2', { epoch: 1 }), await subject.noteBy('n3', { epoch: 2 })];
      expect((await subject.confirm([old, n2])).kind).toBe('void');
      expect((await subject.confirm([old, n2, n3])).kind).toBe('voting');
      expect((await subject.identity()).setBackMs).toBe(0);
    });
  });
}
