import { describe, expect, it } from 'vitest';
import { ElectorateStage, eventsOf, type StagedInstance } from './electorate-stage.js';

const SECOND_MS = 1_000;
/** Much simulated time; a busy machine needs more than the default. */
const SLOW_MS = 60_000;
/** Before an id that another node contests is given up: see wrong-servers.ts. */
const GIVE_UP_ID_MS = 10_000;

/** All three nodes forget, and then the third one comes back with a file of before. */
async function withOldFile() {
  const stage = new ElectorateStage();
  const instances = [stage.join(), stage.join(), stage.join()];
  await stage.advance(8 * SECOND_MS);
  const file = stage.cluster.nodes[2]?.snapshot();
  if (file === undefined) throw new Error('no node');
  for (const node of stage.cluster.nodes) node.loseMemory('restart');
  await stage.advance(15 * SECOND_MS);
  stage.cluster.nodes[2]?.restartFrom(file);
  return { stage, instances };
}

function conditionsOf(instance: StagedInstance): readonly string[] {
  return eventsOf(instance, 'identity').map(({ node, condition }) => `${node} ${condition}`);
}

function cutNode(instances: readonly StagedInstance[], index: number, isCut: boolean): void {
  for (const { lines } of instances) for (const line of lines.slice(index, index + 1)) line.isCut = isCut;
}

function runsSince(instances: readonly StagedInstance[], fromMs: number): number {
  return instances.flatMap(({ ticks }) => ticks).filter((tick) => tick > fromMs).length;
}

describe('a node that comes back with a file of before all nodes forgot', { timeout: SLOW_MS }, () => {
  it('contests the ids of the others, which are given up after a while: then all vote again', async () => {
    const { stage, instances } = await withOldFile();
    const toldBefore = instances.map((instance) => conditionsOf(instance).length);
    const newlyTold = (): readonly string[] =>
      instances.flatMap((instance, index) => conditionsOf(instance).slice(toldBefore[index]));
    const fromMs = stage.cluster.clock.wallMs();
    await stage.advance(GIVE_UP_ID_MS - SECOND_MS);
    expect(runsSince(instances, fromMs)).toBeGreaterThanOrEqual(8);
    expect(newlyTold().filter((told) => told.endsWith('votes'))).toEqual([]);
    await stage.advance(6 * SECOND_MS);
    for (const node of ['node 1', 'node 2', 'node 3']) expect(newlyTold()).toContain(`${node} votes`);
    const againMs = stage.cluster.clock.wallMs();
    await stage.advance(4 * SECOND_MS);
    expect(runsSince(instances, againMs)).toBeGreaterThanOrEqual(3);
    expect(stage.doubled()).toEqual([]);
  });

  it('is no majority with one other node while the third is down: both wait for its notes', async () => {
    const { stage, instances } = await withOldFile();
    await stage.advance(5 * SECOND_MS);
    cutNode(instances, 1, true);
    await stage.advance(SECOND_MS);
    const downMs = stage.cluster.clock.wallMs();
    await stage.advance(20 * SECOND_MS);
    expect(runsSince(instances, downMs)).toBe(0);
    cutNode(instances, 1, false);
    const backMs = stage.cluster.clock.wallMs();
    await stage.advance(8 * SECOND_MS);
    expect(runsSince(instances, backMs)).toBeGreaterThanOrEqual(3);
    expect(stage.doubled()).toEqual([]);
  });
});
