import { describe, expect, it } from 'vitest';
import { ElectorateStage, eventsOf, type Line } from './electorate-stage.js';

const SECOND_MS = 1_000;
/** Much simulated time; a busy machine needs more than the default. */
const SLOW_MS = 60_000;

describe('a healthy cluster', { timeout: SLOW_MS }, () => {
  it('sends nothing for its identity beside the beats', async () => {
    const stage = new ElectorateStage();
    const [one] = [stage.join(), stage.join(), stage.join()];
    await stage.advance(30 * SECOND_MS);
    const calls = new Set(one?.lines.flatMap((line) => line.calls));
    expect([...calls].sort()).toEqual(
      ['beat', 'claim', 'giveBack', 'peek'].filter((call) => calls.has(call as never)),
    );
    expect(stage.doubled()).toEqual([]);
    expect(stage.instances.flatMap(({ ticks }) => ticks).length).toBeGreaterThan(25);
    expect(stage.instances.flatMap((instance) => eventsOf(instance, 'identity'))).toEqual([]);
  });
});

describe('a first start', { timeout: SLOW_MS }, () => {
  it('waits for the nodes to listen, and no longer than for their locks', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const started = stage.cluster.clock.wallMs();
    for (let count = 0; count < 3; count += 1) stage.join();
    await stage.advance(3_100);
    expect(stage.instances.map(({ condition }) => condition())).toEqual(['bids', 'bids', 'bids']);
    await stage.advance(10 * SECOND_MS);
    const ticks = stage.instances.flatMap((one) => one.ticks);
    expect(Math.min(...ticks) - started).toBeLessThanOrEqual(5_000);
    expect(stage.doubled()).toEqual([]);
  });

  it('wants all nodes, or identityWaitMs', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const one = stage.join();
    for (const line of one.lines.slice(2)) line.isCut = true;
    await stage.advance(25 * SECOND_MS);
    expect(one.condition()).toBe('waits');
    expect(one.detail()).toContain('node 3 cannot be asked');
    expect(one.ticks).toEqual([]);
    await stage.advance(12 * SECOND_MS);
    expect(one.condition()).toBe('bids');
    expect(one.ticks.length).toBeGreaterThan(2);
    expect(eventsOf(one, 'stamped').map(({ reason }) => reason)).toEqual(['forced', 'forced']);
    expect(eventsOf(one, 'identity').map(({ condition }) => condition)).toEqual(['forced', 'forced']);
    for (const line of one.lines) line.isCut = false;
    await stage.advance(3 * SECOND_MS);
    expect(eventsOf(one, 'identity').at(-1)).toMatchObject({ node: 'node 3', condition: 'votes' });
  });

  it('waits for ever with identityWaitMs: Infinity', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const one = stage.join({ identityWaitMs: Number.POSITIVE_INFINITY });
    for (const line of one.lines.slice(2)) line.isCut = true;
    await stage.advance(300 * SECOND_MS);
    expect(one.ticks).toEqual([]);
  });
});

describe('a first start whose stamp does not reach every node', { timeout: SLOW_MS }, () => {
  it('lets no other set start on the node that it has not reached', async () => {
    const stage = new ElectorateStage({ areNew: true });
    const three = stage.join();
    const [shared] = three.lines;
    // The last message that comes through is the beat that shows all nodes empty.
    for (const line of three.lines) line.onCall = (call) => void (call === 'stamp' && cutOff(shared));
    await stage.advance(8 * SECOND_MS);
    expect(three.ticks).toEqual([]);
    const one = stage.join({ nodes: [0] });
    await stage.advance(20 * SECOND_MS);
    expect(one.ticks.length).toBeGreaterThan(5);
    expect(stage.doubled()).toEqual([]);
  });
});

function cutOff(line: Line | undefined): void {
  if (line !== undefined) line.isCut = true;
}

describe('a set of which masters have forgotten', { timeout: SLOW_MS }, () => {
  it('goes on at once with two of three, and the third votes again within about two beats', async () => {
    const stage = new ElectorateStage();
    const instances = [stage.join(), stage.join(), stage.join()];
    await stage.advance(8_500);
    const before = stage.instances.flatMap(({ ticks }) => ticks).length;
    stage.cluster.nodes[1]?.loseMemory('restart');
    const lostAtMs = stage.cluster.clock.monotonicMs();
    let votesAtMs: number | undefined;
    for (let step = 0; step < 100 && votesAtMs === undefined; step += 1) {
      await stage.advance(50);
      const votes = instances.some((one) =>
        eventsOf(one, 'identity').some(({ condition }) => condition === 'votes'),
      );
      if (votes) votesAtMs = stage.cluster.clock.monotonicMs();
    }
    expect((votesAtMs ?? Number.POSITIVE_INFINITY) - lostAtMs).toBeLessThan(2_200);
    await stage.advance(10 * SECOND_MS);
    expect(stage.doubled()).toEqual([]);
    const ticks = stage.instances.flatMap((one) => one.ticks);
    expect(ticks.length - before).toBeGreaterThanOrEqual(11);
  });

  it('hears on every instance that a node which had to be noted votes again, once', async () => {
    const stage = new ElectorateStage();
    const instances = [stage.join(), stage.join(), stage.join()];
    await stage.advance(8_500);
    stage.cluster.nodes[1]?.loseMemory('restart');
    await stage.advance(10 * SECOND_MS);
    for (const one of instances) {
      const told = eventsOf(one, 'identity').map(({ node, condition }) => `${node} ${condition}`);
      expect(told).toEqual(['node 2 new', 'node 2 votes']);
    }
  });

  it('speaks of no other nodes where there are none', async () => {
    const stage = new ElectorateStage();
    const one = stage.join({ nodes: [0] });
    await stage.advance(8_500);
    stage.cluster.nodes[0]?.loseMemory('restart');
    await stage.advance(10 * SECOND_MS);
    const told = eventsOf(one, 'identity').map(({ detail }) => detail);
    expect(told[0]).toBe('another server, or another memory of it, answers, and has no vote yet');
    expect(told.join()).not.toContain('other nodes');
  });

  it('is not held up when two of three have forgotten and its stamp stands on the third', async () => {
    const stage = new ElectorateStage();
    const instances = [stage.join(), stage.join()];
    await stage.advance(8 * SECOND_MS);
    stage.cluster.nodes[0]?.loseMemory('restart');
    stage.cluster.nodes[1]?.loseMemory('restart');
    const before = instances.flatMap(({ ticks }) => ticks).length;
    await stage.advance(12 * SECOND_MS);
    expect(instances.map(({ condition }) => condition())).toEqual(['bids', 'bids']);
    expect(instances.flatMap(({ ticks }) => ticks).length - before).toBeGreaterThan(6);
    expect(stage.doubled()).toEqual([]);
    expect(instances.flatMap((one) => eventsOf(one, 'stamped')).map(({ reason }) => reason)).toContain(
      'empty',
    );
  });
});
