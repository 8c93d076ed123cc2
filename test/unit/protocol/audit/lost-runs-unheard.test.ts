import { describe, expect, it } from 'vitest';
import type { JoinOptions } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';
import { PERIOD_MS, SILENT, START_MS, Stage } from './lost-runs-stage.js';

const TICK = START_MS + PERIOD_MS;
/** Nothing else is due while a test lasts. */
const LONG_MS = 100 * PERIOD_MS;
/** Members of a node are known to it by then. */
const SETTLED_MS = 4_000;

/** Every call to a node that is silent fails; what the nodes are asked about those that are gone is counted. */
class Watched {
  readonly silent = new Set<number>();
  readonly asked: number[] = [];
  deafTo = (_node: number, _call: string): boolean => false;

  constructor(private readonly stage: Stage) {}

  get joining(): JoinOptions {
    return {
      wrapNode: (node, index) =>
        aroundNode(node, async (ask, call) => {
          if (call === 'inquire') this.asked.push(this.stage.cluster.clock.wallMs());
          return this.silent.has(index) || this.deafTo(index, call) ? SILENT : ask();
        }),
    };
  }
}

/** One node has lost its memory of the claim, and another one is silent when the run dies with its instance. */
async function killedUnheard(
  before: (stage: Stage, watched: Watched, dead: string) => Promise<void> = async () => undefined,
): Promise<{ readonly stage: Stage; readonly watched: Watched }> {
  const stage = new Stage();
  const watched = new Watched(stage);
  stage.joinAll(stage.endless({}, LONG_MS), 3, watched.joining);
  await stage.advance(LONG_MS - 1_000);
  const dead = await stage.untilOneRuns();
  stage.cluster.nodes[1]?.loseMemory('flush');
  await stage.advance(SETTLED_MS);
  await before(stage, watched, dead);
  watched.silent.add(0);
  stage.kill(dead);
  await stage.advance(4_000);
  return { stage, watched };
}

describe('a run of which only nodes can know that are silent when its instance dies', () => {
  it('is told when one is back, once', async () => {
    const { stage, watched } = await killedUnheard();
    expect(stage.lost).toEqual([]);
    watched.silent.clear();
    await stage.advance(10_000);
    expect(stage.lost).toEqual([START_MS + LONG_MS]);
  });

  it('is not told where the node that is back knows of its end', async () => {
    const { stage, watched } = await killedUnheard(async (stage, watched, dead) => {
      // Node 0 alone hears of it.
      watched.silent.add(1).add(2);
      await stage.end(dead);
      watched.silent.clear();
    });
    watched.silent.clear();
    await stage.advance(10_000);
    expect(stage.lost).toEqual([]);
  });

  it('is asked about after growing pauses, and not for ever', async () => {
    const { stage, watched } = await killedUnheard();
    await stage.advance(40_000);
    const until = watched.asked.length;
    // Two instances, two nodes that answer and one that does not.
    expect(until).toBeLessThan(2 * 3 * 14);
    expect(until).toBeGreaterThan(2 * 3 * 6);
    await stage.advance(60_000);
    expect(watched.asked.length).toBe(until);
    expect(stage.lost).toEqual([]);
  });

  it('is not told again where it was told before, and the node that is back names its claim', async () => {
    const stage = new Stage();
    const watched = new Watched(stage);
    watched.deafTo = (node, call) => node === 1 && call === 'claim';
    stage.joinAll(stage.endless(), 3, watched.joining);
    const dead = await stage.untilOneRuns();
    // By now the others have heard whose it is.
    await stage.advance(1_000);
    watched.silent.add(2);
    stage.kill(dead);
    await stage.advance(4_000);
    expect(stage.lost).toEqual([TICK]);
    watched.silent.clear();
    await stage.advance(5_000);
    expect(stage.lost).toEqual([TICK]);
  });

  it('is told where its claim is that of a majority only with the node that is silent', async () => {
    const stage = new Stage();
    const watched = new Watched(stage);
    watched.deafTo = (node, call) => node === 2 && call === 'claim';
    stage.joinAll(stage.endless(), 3, watched.joining);
    const dead = await stage.untilOneRuns();
    // Nobody has heard from others that it was claimed.
    watched.silent.add(0);
    stage.kill(dead);
    await stage.advance(3_000);
    const soon = [...stage.lost];
    watched.silent.clear();
    await stage.advance(6_000);
    expect([...new Set([...soon, ...stage.lost])]).toEqual([TICK]);
  });
});

it('of an instance with many tasks no message asks for more than 500 lines, and what is lost is told in time', async () => {
  const stage = new Stage();
  const sizes: number[] = [];
  const endless = stage.endless();
  const idle = Array.from({ length: 1_200 }, (_, index) => ({
    ...taskOf(() => undefined, { schedule: endless.schedule }),
    name: `idle${index}`,
  }));
  stage.joinAll(endless, 3, {
    wrapNode: (node) => between(node, { before: { inquire: ({ lines }) => sizes.push(lines.length) } }),
  });
  for (const { scheduler } of stage.cluster.members) for (const task of idle) scheduler.add(task);
  const dead = await stage.untilOneRuns();
  const killedMs = stage.cluster.clock.wallMs();
  stage.kill(dead);
  await stage.advance(4_000);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  expect(stage.lost).toContain(TICK);
  const told = stage.told.find(({ finding }) => finding.tick === TICK && finding.outcome === 'lost');
  expect((told?.atMs ?? Number.POSITIVE_INFINITY) - killedMs).toBeLessThanOrEqual(2_500);
});
