import { describe, expect, it } from 'vitest';
import type { JoinOptions } from '#src/testing/memory-cluster.js';
import { ElectorateStage, eventsOf, type StagedInstance } from './electorate-stage.js';

const SECOND_MS = 1_000;
/** Much simulated time; a busy machine needs more than the default. */
const SLOW_MS = 60_000;

/** Two sets of three that share one node: their majorities need not meet. */
const LEFT: JoinOptions = { nodes: [0, 1, 2] };
const RIGHT: JoinOptions = { nodes: [2, 3, 4] };

function ticksOf(instances: readonly StagedInstance[]): readonly number[] {
  return instances.flatMap(({ ticks }) => ticks);
}

describe('two sets whose majorities need not meet', { timeout: SLOW_MS }, () => {
  it('do not both bid when they start together: the larger one goes on', async () => {
    const stage = new ElectorateStage({ nodes: 5, areNew: true });
    const small = stage.join(RIGHT);
    const large = [stage.join(LEFT), stage.join(LEFT)];
    await stage.advance(20 * SECOND_MS);
    expect(large.map(({ condition }) => condition())).toEqual(['bids', 'bids']);
    expect(small.condition()).toBe('yields');
    expect(small.ticks).toEqual([]);
    expect(ticksOf(large).length).toBeGreaterThan(12);
  });

  it('the older standing stamp wins over more instances', async () => {
    const stage = new ElectorateStage({ nodes: 5, areNew: true });
    const first = stage.join(RIGHT);
    await stage.advance(8 * SECOND_MS);
    const later = Array.from({ length: 4 }, () => stage.join(LEFT));
    await stage.advance(12 * SECOND_MS);
    expect(first.condition()).toBe('bids');
    expect(later.map(({ condition }) => condition())).toEqual(Array(4).fill('yields'));
    expect(ticksOf(later)).toEqual([]);
    expect(later[0]?.detail()).toMatch(
      /^set [0-9a-f]{8} \(3 nodes, app 'app', 1 live instance, since .*\) goes on$/,
    );
  });

  it('the one that gave way says what is on record when the other has gone, and does not guess that it is over', async () => {
    const stage = new ElectorateStage({ nodes: 5, areNew: true });
    const first = stage.join(LEFT);
    await stage.advance(8 * SECOND_MS);
    const later = stage.join(RIGHT);
    await stage.advance(5 * SECOND_MS);
    void first.scheduler.stop();
    await stage.advance(60 * SECOND_MS);
    expect(later.condition()).toBe('conflict');
    expect(later.ticks).toEqual([]);
    const { detail } = { detail: later.detail() };
    expect(detail).toContain('node 1 is on record for set');
    expect(detail).toContain('node 2 and node 3 of this instance not in it, 2 of its nodes not listed here');
    expect(detail).toContain('no live instance shows it');
    const [, name = ''] = /takeOver: '([0-9a-f]{8})'/.exec(detail) ?? [];
    const chosen = stage.join({ ...RIGHT, takeOver: name });
    await stage.advance(12 * SECOND_MS);
    expect(chosen.condition()).toBe('bids');
    expect(later.condition()).toBe('bids');
    expect(stage.doubled()).toEqual([]);
    expect(ticksOf([chosen, later]).length).toBeGreaterThan(4);
  });

  it('the one that gave way goes on where it can stamp a majority of the other one that has gone', async () => {
    const stage = new ElectorateStage({ nodes: 4, areNew: true });
    const first = stage.join({ nodes: [0, 1, 2] });
    await stage.advance(8 * SECOND_MS);
    const later = stage.join({ nodes: [1, 2, 3] });
    await stage.advance(5 * SECOND_MS);
    expect(later.condition()).toBe('yields');
    void first.scheduler.stop();
    await stage.advance(12 * SECOND_MS);
    expect(later.condition()).toBe('bids');
    expect(later.ticks.length).toBeGreaterThan(5);
    expect(eventsOf(later, 'stamped').map(({ reason }) => reason)).toContain('taken_over');
    expect(stage.doubled()).toEqual([]);
  });

  it('a bad instance and an empty node do not fence the others', async () => {
    const stage = new ElectorateStage({ nodes: 5, areNew: true });
    const fleet = [stage.join(LEFT), stage.join(LEFT)];
    await stage.advance(8 * SECOND_MS);
    for (const nodes of [[1], [1, 3, 4]]) {
      stage.cluster.nodes[1]?.loseMemory('restart');
      const bad = stage.join({ nodes });
      await stage.advance(15 * SECOND_MS);
      expect(bad.condition()).toBe('yields');
      expect(bad.ticks).toEqual([]);
    }
    expect(fleet.map(({ condition }) => condition())).toEqual(['bids', 'bids']);
    expect(ticksOf(fleet).length).toBeGreaterThan(30);
    expect(stage.doubled()).toEqual([]);
  });

  it.each([
    ['one node', [1]],
    ['three nodes', [1, 3, 4]],
  ])(
    'a bad instance of %s that has stamped an empty node while the fleet slept gives way when it wakes',
    async (_, nodes) => {
      const stage = new ElectorateStage({ nodes: 5, areNew: true });
      const fleet = [stage.join(LEFT), stage.join(LEFT)];
      await stage.advance(8 * SECOND_MS);
      for (const one of fleet) one.cut(true);
      stage.cluster.nodes[1]?.loseMemory('restart');
      const bad = stage.join({ nodes });
      await stage.advance(10 * SECOND_MS);
      // The stated limit: a node has forgotten, and the others cannot be heard there.
      expect(bad.condition()).toBe('bids');
      for (const one of fleet) one.cut(false);
      await stage.advance(3 * SECOND_MS);
      const met = stage.cluster.clock.wallMs();
      await stage.advance(12 * SECOND_MS);
      expect(bad.condition()).toBe('yields');
      expect(bad.ticks.filter((tick) => tick > met)).toEqual([]);
      expect(ticksOf(fleet).filter((tick) => tick > met).length).toBeGreaterThan(8);
      expect(fleet.flatMap((one) => eventsOf(one, 'stamped')).map(({ reason }) => reason)).toContain(
        'taken_over',
      );
    },
  );
});
