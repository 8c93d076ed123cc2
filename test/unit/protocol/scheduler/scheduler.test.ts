import { describe, expect, it } from 'vitest';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { doubled, every, missing, reportsOf, taskOf } from '../../../support/tasks.js';
import { cuttable, SECOND_MS, SETTLED_MS, setUp } from './scheduler-stage.js';

describe('the end of a tick', () => {
  it('reaches each listener before any observer, also behind one that throws', async () => {
    const heard: string[] = [];
    const { cluster, members } = setUp(1);
    const [member] = members;
    member?.scheduler.listen({
      tickEnded: () => {
        heard.push('first');
        throw new Error('a bug');
      },
    });
    member?.scheduler.listen({ tickEnded: () => heard.push('second') });
    const observed = member?.events.length ?? 0;
    await cluster.clock.advance(SETTLED_MS + SECOND_MS);
    expect(heard.slice(0, 2)).toEqual(['first', 'second']);
    const [error, tick] =
      member?.events.slice(observed).filter(({ type }) => type === 'error' || type === 'tick') ?? [];
    expect(error).toMatchObject({ type: 'error', where: 'end of a tick' });
    expect(tick).toMatchObject({ type: 'tick' });
  });

  it('stands in the status of its task', async () => {
    const { cluster, members } = setUp(1);
    await cluster.clock.advance(SETTLED_MS + SECOND_MS);
    const [member] = members;
    const report = reportsOf(member?.events ?? []).at(-1);
    expect(report?.outcome).toBe('success');
    expect(member?.scheduler.statusOf(report?.task ?? '')).toMatchObject({
      lastReport: report,
      lastRun: { tick: report?.tick, outcome: 'success' },
    });
  });
});

describe('the scheduler', () => {
  it('goes on where a schedule throws: with its other tasks and its beats, and says so about once a second', async () => {
    const cluster = new MemoryCluster();
    const runs: number[] = [];
    let isBroken = false;
    const broken = {
      description: 'breaks',
      nextAfter: (afterMs: number): number | undefined => {
        if (isBroken) throw new Error('no calendar');
        return every(SECOND_MS).nextAfter(afterMs);
      },
    };
    const tasks = [
      { ...taskOf(() => undefined), name: 'broken', schedule: broken },
      taskOf(({ tick }) => runs.push(tick)),
    ];
    const member = cluster.join(tasks);
    await cluster.clock.advance(SETTLED_MS + 500);
    isBroken = true;
    const since = cluster.clock.wallMs();
    await cluster.clock.advance(10_000);
    expect(runs.filter((tick) => tick > since)).toHaveLength(10);
    expect(member.scheduler.status().quorum).toBe(true);
    const errors = member.events.filter(({ type }) => type === 'error');
    expect(errors.length).toBeGreaterThan(5);
    expect(errors.length).toBeLessThan(40);
    isBroken = false;
    await cluster.clock.advance(3_000);
    expect(
      reportsOf(member.events).some(({ task, tick }) => task === 'broken' && tick > since + 10_000),
    ).toBe(true);
  });

  it('runs every tick of a task on exactly one of three instances, at its second', async () => {
    const { cluster, ticks, worstLatenessMs } = setUp(3);
    await cluster.clock.advance(60_500);
    expect(doubled(ticks())).toEqual([]);
    expect(missing(ticks())).toEqual([]);
    expect(ticks()).toHaveLength(58);
    expect(worstLatenessMs()).toBeLessThan(1);
  });

  it('ends every tick on every instance in exactly one report', async () => {
    const { cluster, members } = setUp(4);
    await cluster.clock.advance(30_500);
    for (const { events } of members) {
      const ticks = reportsOf(events).map((report) => report.tick);
      expect(doubled(ticks)).toEqual([]);
      expect(missing(ticks)).toEqual([]);
    }
  });

  it('hands the tick of an idle instance that died to the next in rank within one stagger', async () => {
    const links = [cuttable(), cuttable(), cuttable()];
    const { cluster, runs, ticks, worstLatenessMs } = setUp(3, (index) => links[index]?.joining ?? {});
    await cluster.clock.advance(SETTLED_MS + 500);
    const winner = runs.at(-1)?.instanceId;
    const index = cluster.members.findIndex((member) => member.id === winner);
    const link = links[index];
    if (link === undefined) throw new Error('no tick was won');
    link.state.isCut = true;
    await cluster.clock.advance(10_000);
    expect(doubled(ticks())).toEqual([]);
    expect(missing(ticks())).toEqual([]);
    expect(runs.at(-1)?.instanceId).not.toBe(winner);
    expect(worstLatenessMs()).toBeLessThanOrEqual(110);
  });

  it('runs at the second of the cluster although one wall clock is 2 s ahead and another 2 s behind', async () => {
    const skews = [2_000, -2_000, 0];
    const { cluster, ticks, members, worstLatenessMs } = setUp(3, (index) => ({
      skew: { offsetMs: skews[index] ?? 0 },
    }));
    await cluster.clock.advance(60_500);
    expect(doubled(ticks())).toEqual([]);
    expect(missing(ticks())).toEqual([]);
    expect(worstLatenessMs()).toBeLessThan(1);
    expect(Math.round(members[0]?.scheduler.status().skewMs ?? 0)).toBe(2_000);
  });

  it('neither doubles nor loses a tick when one node forgets everything', async () => {
    const { cluster, ticks } = setUp(3);
    await cluster.clock.advance(SETTLED_MS + 500);
    cluster.nodes[1]?.loseMemory('restart');
    await cluster.clock.advance(10_000);
    expect(doubled(ticks())).toEqual([]);
    expect(missing(ticks())).toEqual([]);
  });

  it('runs nothing while a majority of nodes may have forgotten, and goes on after the quarantine', async () => {
    const { cluster, ticks } = setUp(3);
    await cluster.clock.advance(SETTLED_MS + 500);
    const before = ticks().length;
    for (const node of cluster.nodes) node.loseMemory('restart');
    await cluster.clock.advance(2_400);
    expect(ticks()).toHaveLength(before);
    await cluster.clock.advance(2_600);
    expect(ticks().length).toBeGreaterThan(before);
    expect(doubled(ticks())).toEqual([]);
  });

  it('says no_quorum, and runs nothing, while it reaches no majority', async () => {
    const link = cuttable();
    const { cluster, ticks, members } = setUp(1, () => link.joining);
    await cluster.clock.advance(SETTLED_MS + 500);
    const before = ticks().length;
    link.state.isCut = true;
    await cluster.clock.advance(5_000);
    expect(ticks()).toHaveLength(before);
    const [member] = members;
    expect(reportsOf(member?.events ?? []).at(-1)?.outcome).toBe('no_quorum');
    expect(member?.scheduler.status().quorum).toBe(false);
    link.state.isCut = false;
    await cluster.clock.advance(2_500);
    expect(ticks().length).toBeGreaterThanOrEqual(before + 2);
    expect(member?.scheduler.status().quorum).toBe(true);
  });

  it('does not run a tick that it notices too late, and says misfire', async () => {
    const { cluster, members, ticks } = setUp(1);
    await cluster.clock.advance(SETTLED_MS + 500);
    const before = ticks().length;
    // The clock jumps: the process was stopped and nobody else was there.
    cluster.clock.jump(3_000);
    await cluster.clock.advance(1_000);
    const reports = reportsOf(members[0]?.events ?? []);
    expect(reports.filter((report) => report.outcome === 'misfire')).toHaveLength(3);
    expect(ticks()).toHaveLength(before + 1);
  });

  it('reports the first missed tick and those of the last minute after a pause of a day', async () => {
    const { cluster, members } = setUp(1);
    await cluster.clock.advance(SETTLED_MS + 500);
    const pausedMs = cluster.clock.wallMs();
    cluster.clock.jump(24 * 3_600_000);
    await cluster.clock.advance(1_500);
    const reports = reportsOf(members[0]?.events ?? []);
    const misfires = reports.filter((report) => report.outcome === 'misfire').map(({ tick }) => tick);
    expect(misfires[0]).toBe(pausedMs + 500);
    expect(misfires.length).toBeGreaterThanOrEqual(59);
    expect(misfires.length).toBeLessThanOrEqual(62);
    expect(reports.at(-1)?.outcome).toBe('success');
  });

  it('runs again at the first tick after a store that was down at boot is back, whatever the wall clock shows', async () => {
    const link = cuttable();
    link.state.isCut = true;
    const { cluster, ticks } = setUp(1, () => ({ ...link.joining, skew: { offsetMs: 60_000 } }));
    await cluster.clock.advance(10_000);
    link.state.isCut = false;
    const backMs = cluster.clock.wallMs();
    await cluster.clock.advance(6_000);
    expect(ticks()[0]).toBeLessThanOrEqual(backMs + 5_000);
  });

  it('goes on at once when the clocks of a majority of nodes step forward', async () => {
    const skews = [{ offsetMs: 0 }, { offsetMs: 0 }, { offsetMs: 0 }];
    const cluster = new MemoryCluster({ nodeSkews: skews });
    const ticks: number[] = [];
    cluster.join([taskOf((tick) => void ticks.push(tick.tick))]);
    await cluster.clock.advance(SETTLED_MS);
    const before = ticks.length;
    for (const skew of skews.slice(0, 2)) skew.offsetMs = 60_000;
    await cluster.clock.advance(8_000);
    expect(ticks.length).toBeGreaterThan(before + 3);
  });

  it('asks for a thousand ticks in one message per port', async () => {
    const cluster = new MemoryCluster();
    const sizes: number[] = [];
    const tasks = Array.from({ length: 1_000 }, (_, index) =>
      taskOf(() => undefined, { name: `task-${index}` }),
    );
    cluster.join(tasks, {
      wrapLedger: (ledger) => between(ledger, { before: { claim: (claims) => sizes.push(claims.length) } }),
    });
    await cluster.clock.advance(3_500);
    expect(sizes).toEqual([1_000]);
  });

  it('keeps the tasks of different periods apart', async () => {
    const cluster = new MemoryCluster();
    const ticks = new Map<string, number[]>();
    const note = (tick: TickContext) => ticks.set(tick.task, [...(ticks.get(tick.task) ?? []), tick.tick]);
    const tasks = [
      taskOf(note, { name: 'two', schedule: every(2_000) }),
      taskOf(note, { name: 'five', schedule: every(5_000) }),
    ];
    cluster.join(tasks);
    cluster.join(tasks);
    await cluster.clock.advance(30_500);
    expect(missing(ticks.get('two') ?? [], 2_000)).toEqual([]);
    expect(missing(ticks.get('five') ?? [], 5_000)).toEqual([]);
    expect(doubled(ticks.get('two') ?? [])).toEqual([]);
  });
});
