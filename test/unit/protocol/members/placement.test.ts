import { describe, expect, it } from 'vitest';
import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { Placement, TickContext } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { doubled, missing, reportsOf, taskOf } from '../../../support/tasks.js';

const SETTLED_MS = 6_000;
const ON_GPU: Placement = { runOn: ['gpu'], weight: {} };

/** Members with these labels, and who ran what. */
function setUp(labels: readonly (readonly string[])[], placement: Placement) {
  const cluster = new MemoryCluster();
  const runs: TickContext[] = [];
  const task = taskOf((tick) => void runs.push(tick), { placement });
  const members = labels.map((own) => cluster.join([task], { labels: own }));
  const ticks = (): number[] => runs.map(({ tick }) => tick);
  const runners = (): string[] => [...new Set(runs.map(({ instanceId }) => instanceId))].sort();
  return { cluster, runs, members, ticks, runners };
}

describe('a task that asks for labels', () => {
  it('runs every tick once, and only on instances that have them', async () => {
    const { cluster, ticks, runners } = setUp([[], ['gpu', 'eu'], ['eu'], ['gpu']], ON_GPU);
    await cluster.clock.advance(30_500);
    expect(doubled(ticks())).toEqual([]);
    expect(missing(ticks())).toEqual([]);
    expect(ticks().length).toBeGreaterThan(25);
    expect(['instance-2', 'instance-4']).toEqual(expect.arrayContaining(runners()));
  });

  it('is contested and reported by nobody else, whose status says so', async () => {
    const { cluster, members } = setUp([[], ['gpu']], ON_GPU);
    await cluster.clock.advance(10_500);
    const [stranger, runner] = members;
    expect(reportsOf(stranger?.events ?? [])).toEqual([]);
    expect(stranger?.scheduler.status().tasks[0]).toMatchObject({ eligible: false, lastReport: undefined });
    expect(runner?.scheduler.status().tasks[0]).toMatchObject({ eligible: true });
  });

  it('is not even missed by an instance without them that wakes too late', async () => {
    const { cluster, members } = setUp([[]], ON_GPU);
    await cluster.clock.advance(SETTLED_MS);
    cluster.clock.jump(5_000);
    await cluster.clock.advance(3_000);
    expect(reportsOf(members[0]?.events ?? [])).toEqual([]);
  });

  it('runs in time on the first in rank among those that have them, however many others there are', async () => {
    const cluster = new MemoryCluster();
    const lateMs: number[] = [];
    const task = taskOf((tick) => void lateMs.push(cluster.clock.wallMs() - tick.tick), {
      placement: ON_GPU,
    });
    for (let index = 0; index < 7; index += 1) cluster.join([task], { labels: index === 3 ? ['gpu'] : [] });
    await cluster.clock.advance(SETTLED_MS);
    lateMs.length = 0;
    await cluster.clock.advance(10_000);
    expect(lateMs).toHaveLength(10);
    expect(Math.max(...lateMs)).toBeLessThan(1);
  });

  it('moves to another instance that has them when its own dies', async () => {
    const { cluster, runs, members, ticks } = setUp([[], ['gpu'], ['gpu']], ON_GPU);
    await cluster.clock.advance(SETTLED_MS + 500);
    const first = runs.at(-1)?.instanceId;
    await members.find(({ id }) => id === first)?.scheduler.stop();
    await cluster.clock.advance(5_000);
    expect(runs.at(-1)?.instanceId).not.toBe(first);
    expect(missing(ticks())).toEqual([]);
  });

  it('never runs a tick twice when instances know different things about labels', async () => {
    const { cluster, runs, ticks } = setUp([['gpu'], ['gpu'], ['gpu']], ON_GPU);
    await cluster.clock.advance(SETTLED_MS + 500);
    const settled = runs.length;
    for (const id of ['instance-1', 'instance-2', 'instance-3']) {
      // Nobody knows any more that this one has the label, itself included.
      cluster.labels.set(id, []);
      await cluster.clock.advance(3_000);
      cluster.labels.set(id, ['gpu']);
      await cluster.clock.advance(3_000);
    }
    expect(doubled(ticks())).toEqual([]);
    expect(runs.length - settled).toBe(18);
  });
});

describe('a task with weights', () => {
  it('runs more often on an instance of a larger weight', async () => {
    const cluster = new MemoryCluster();
    const counts = new Map<string, number>();
    const tasks = Array.from({ length: 300 }, (_, index) =>
      taskOf(({ instanceId }) => void counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1), {
        name: `task-${index}`,
        placement: { runOn: [], weight: { large: 8 } },
      }),
    );
    for (const labels of [['large'], [], []]) cluster.join(tasks, { labels });
    await cluster.clock.advance(SETTLED_MS + 500);
    counts.clear();
    await cluster.clock.advance(1_000);
    // Eight tenths of 300, and a tenth for each of the others.
    expect(counts.get('instance-1')).toBeGreaterThan(215);
    expect(counts.get('instance-1')).toBeLessThan(265);
    expect([...counts.values()].reduce((one, other) => one + other, 0)).toBe(300);
  });
});

describe('a task of one app among instances of another', () => {
  const OTHERS = 6;

  /** One instance with the task, behind six of another app that come before it by rank for some of a hundred tasks. */
  async function latenessMs(runsTask?: (instanceId: string, task: string) => boolean): Promise<number[]> {
    const cluster = new MemoryCluster();
    const lateMs: number[] = [];
    const tasks = Array.from({ length: 100 }, (_, index) =>
      taskOf((tick) => void lateMs.push(cluster.clock.wallMs() - tick.tick), { name: `task-${index}` }),
    );
    for (let index = 0; index < OTHERS; index += 1) cluster.join([]);
    cluster.join(tasks, runsTask === undefined ? {} : { runsTask });
    await cluster.clock.advance(SETTLED_MS + 500);
    lateMs.length = 0;
    await cluster.clock.advance(1_000);
    expect(lateMs).toHaveLength(100);
    return lateMs;
  }

  it('starts in time, though some of them would come before its own by rank', async () => {
    expect(Math.max(...(await latenessMs(() => false)))).toBeLessThan(1);
    // What it would be otherwise: most tasks wait for the turn of somebody who does not want them.
    const otherwise = await latenessMs();
    expect(otherwise.filter((lateMs) => lateMs >= 100).length).toBeGreaterThan(70);
  });

  it('is told as missed while its own instances were down, whoever else was there', async () => {
    const directory: InstanceDirectory = {
      sinceMsOf: () => 0,
      hasTold: () => false,
      noteTold: () => undefined,
    };
    const counts = await Promise.all(
      [() => false, () => true].map(async (runsTask) => {
        const cluster = new MemoryCluster();
        cluster.join([]);
        const first = cluster.join([taskOf(() => undefined)]);
        await cluster.clock.advance(SETTLED_MS + 500);
        await first.scheduler.stop();
        await cluster.clock.advance(20_000);
        const second = cluster.join([taskOf(() => undefined)], { runsTask, directory });
        await cluster.clock.advance(SETTLED_MS);
        return second.scheduler.status().audit.missed;
      }),
    );
    expect(counts[0]).toBeGreaterThan(15);
    expect(counts[1]).toBe(0);
  });
});
