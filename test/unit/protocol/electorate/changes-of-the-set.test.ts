import { describe, expect, it } from 'vitest';
import { ElectorateStage, eventsOf } from './electorate-stage.js';

const SECOND_MS = 1_000;
/** Much simulated time; a busy machine needs more than the default. */
const SLOW_MS = 60_000;

describe('a change of the set of nodes', { timeout: SLOW_MS }, () => {
  it('from one master to three goes on by itself when the last instance of the one has gone', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const before = stage.join({ nodes: [0] });
    await stage.advance(10 * SECOND_MS);
    const after = [stage.join(), stage.join()];
    await stage.advance(6 * SECOND_MS);
    expect(after.map(({ condition }) => condition())).toEqual(['yields', 'yields']);
    void before.scheduler.stop();
    await stage.advance(12 * SECOND_MS);
    expect(after.map(({ condition }) => condition())).toEqual(['bids', 'bids']);
    expect(after.flatMap(({ ticks }) => ticks).length).toBeGreaterThan(6);
    expect(stage.doubled()).toEqual([]);
  });

  it('raises the floors of all nodes above what the one master may have granted by its own fast clock', async () => {
    const AHEAD_MS = 20_000;
    const nodeSkews = [{ offsetMs: AHEAD_MS }];
    const stage = new ElectorateStage({ areNew: true, nodeSkews });
    const before = stage.join({ nodes: [0] });
    await stage.advance(10 * SECOND_MS);
    const newest = Math.max(...before.ticks);
    expect(newest).toBeGreaterThan(stage.cluster.clock.wallMs() + AHEAD_MS - 2 * SECOND_MS);
    void before.scheduler.stop();
    stage.join();
    await stage.advance(60 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
    expect(stage.instances[1]?.ticks.length).toBeGreaterThan(5);
  });

  it('from three masters to one needs a word', async () => {
    const stage = new ElectorateStage();
    const before = stage.join();
    await stage.advance(8 * SECOND_MS);
    void before.scheduler.stop();
    const after = stage.join({ nodes: [0] });
    await stage.advance(40 * SECOND_MS);
    expect(after.condition()).toBe('conflict');
    expect(after.detail()).toContain('this instance has one node only');
    const [, takeOver = ''] = /takeOver: '([0-9a-f]{8})'/.exec(after.detail()) ?? [];
    const told = stage.join({ nodes: [0], takeOver });
    await stage.advance(12 * SECOND_MS);
    expect(told.condition()).toBe('bids');
    expect(stage.doubled()).toEqual([]);
    expect([...told.ticks, ...after.ticks].length).toBeGreaterThan(5);
  });

  it('by one node and one generation is rolled out without a tick that runs twice', async () => {
    const stage = new ElectorateStage({ nodes: 4, areNew: true });
    const old = [stage.join({ nodes: [0, 1, 2] }), stage.join({ nodes: [0, 1, 2] })];
    await stage.advance(8 * SECOND_MS);
    const next = stage.join({ nodes: [0, 1, 2, 3], generation: 2 });
    await stage.advance(8 * SECOND_MS);
    for (const one of old) {
      // By a beat, or by the claim of whoever was first in rank.
      const isFenced = eventsOf(one, 'fenced').length > 0;
      expect(isFenced || one.condition() === 'outdated').toBe(true);
    }
    expect(next.condition()).toBe('bids');
    await stage.advance(6 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
    expect(next.ticks.length).toBeGreaterThan(8);
  });

  it('is stamped by nobody who was suspended meanwhile', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const held: (() => void)[] = [];
    const answers: unknown[] = [];
    let isHeld = true;
    const one = stage.join({
      aroundStamp: async (send) => {
        if (!isHeld) return send();
        await new Promise<void>((resolve) => held.push(resolve));
        const reply = await send();
        answers.push(reply);
        return reply;
      },
    });
    await stage.advance(4 * SECOND_MS);
    expect(held).toHaveLength(3);
    stage.cluster.clock.jump(2 * SECOND_MS);
    isHeld = false;
    for (const resume of held) resume();
    await stage.advance(3 * SECOND_MS);
    expect(answers).toMatchObject(Array(3).fill({ answered: true, value: 'too_late' }));
    expect(one.condition()).toBe('bids');
  });
});
