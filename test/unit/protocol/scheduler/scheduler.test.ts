import { describe, expect, it } from 'vitest';
import type { LockProvider, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { type JoinOptions, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { doubled, every, missing, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode, severable } from '../../../support/wrapped-node.js';

/** New nodes abstain from locks for one time to live; afterwards the cluster is in its stride. */
const SETTLED_MS = 6_000;
const SECOND_MS = 1_000;

/** A cluster whose handlers write down their runs, like an independent witness. */
function setUp(instances: number, joining: (index: number) => JoinOptions = () => ({})) {
  const cluster = new MemoryCluster();
  const runs: TickContext[] = [];
  const startedMs: number[] = [];
  const task = taskOf((tick) => {
    runs.push(tick);
    startedMs.push(cluster.clock.wallMs());
  });
  const members = Array.from({ length: instances }, (_, index) => cluster.join([task], joining(index)));
  const ticks = () => runs.map((run) => run.tick);
  const worstLatenessMs = () => Math.max(...runs.map((run, index) => (startedMs[index] ?? 0) - run.tick));
  return { cluster, runs, members, ticks, worstLatenessMs };
}

/** The connection of an instance, to be cut by the test. */
function cuttable() {
  const state = { isCut: false };
  const cut = async (): Promise<NodeReply<never>> => ({ answered: false, reason: 'cut' });
  const wrapNode = (node: VotingNode): VotingNode => aroundNode(node, (ask) => (state.isCut ? cut() : ask()));
  const wrapLocks = (locks: LockProvider): LockProvider => severable(locks, () => state.isCut);
  return { state, joining: { wrapNode, wrapLocks } satisfies JoinOptions };
}

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

  it('does not overlap runs of a task: a tick that comes during a run is an overlap everywhere', async () => {
    const cluster = new MemoryCluster();
    let running = 0;
    let most = 0;
    const slow = taskOf(async () => {
      running += 1;
      most = Math.max(most, running);
      await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 2_500);
      running -= 1;
    });
    const members = [cluster.join([slow]), cluster.join([slow]), cluster.join([slow])];
    await cluster.clock.advance(30_500);
    expect(most).toBe(1);
    const outcomes = members.flatMap(({ events }) => reportsOf(events).map((report) => report.outcome));
    expect(outcomes).toContain('overlap');
    expect(outcomes.filter((outcome) => outcome === 'success').length).toBeGreaterThanOrEqual(8);
  });

  it('runs the next tick when a run ends between the first bid and the boundary', async () => {
    const cluster = new MemoryCluster();
    const ticks: number[] = [];
    const busy = taskOf(async (tick) => {
      ticks.push(tick.tick);
      await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 985);
    });
    cluster.join([busy]);
    await cluster.clock.advance(20_500);
    expect(missing(ticks)).toEqual([]);
  });

  it('gives the handler a token that grows, a key per tick, and the tick it runs for', async () => {
    const { cluster, runs } = setUp(2);
    await cluster.clock.advance(10_500);
    const tokens = runs.map((run) => run.fencingToken);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(runs.map((run) => run.idempotencyKey)).size).toBe(runs.length);
    expect(runs[0]).toMatchObject({ task: 'settle', attempt: 1, fencingToken: runs[0]?.tick });
    expect(runs[0]?.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
  });

  it('reports a handler that throws as failed and runs its next tick', async () => {
    const cluster = new MemoryCluster();
    const failing = taskOf(() => {
      throw new Error('no money');
    });
    const { events } = cluster.join([failing]);
    await cluster.clock.advance(10_500);
    const failed = reportsOf(events).filter((report) => report.outcome === 'failed');
    expect(failed.length).toBeGreaterThanOrEqual(6);
    expect(String(failed[0]?.error)).toContain('no money');
  });

  it('aborts a run whose lease can no longer be renewed, and the successor has a larger token', async () => {
    const link = cuttable();
    const cluster = new MemoryCluster();
    const aborted: TickContext[] = [];
    const hanging = taskOf(
      (tick) =>
        new Promise<void>((resolve) => {
          tick.signal.addEventListener('abort', () => {
            aborted.push(tick);
            resolve();
          });
        }),
    );
    const other: TickContext[] = [];
    const first = cluster.join([hanging], link.joining);
    await cluster.clock.advance(SETTLED_MS + 500);
    cluster.join([taskOf((tick) => void other.push(tick))]);
    link.state.isCut = true;
    await cluster.clock.advance(6_000);
    expect(aborted).toHaveLength(1);
    expect(aborted[0]?.remainingMs()).toBe(0);
    expect(() => aborted[0]?.assertHeld()).toThrow('DSCHED_LEASE_LOST');
    expect(reportsOf(first.events).some((report) => report.outcome === 'aborted')).toBe(true);
    expect(other[0]?.fencingToken).toBeGreaterThan(aborted[0]?.fencingToken ?? Number.POSITIVE_INFINITY);
  });

  it('starts the next tick in time although its holder died during a run: the lock is freed after the grace', async () => {
    const link = cuttable();
    const cluster = new MemoryCluster();
    const hanging = taskOf(() => new Promise<void>(() => undefined));
    const dying = cluster.join([hanging], link.joining);
    await cluster.clock.advance(SETTLED_MS + 200);
    const runs: TickContext[] = [];
    const latenessMs: number[] = [];
    const task = taskOf((tick) => {
      runs.push(tick);
      latenessMs.push(cluster.clock.wallMs() - tick.tick);
    });
    cluster.join([task]);
    cluster.join([task]);
    await cluster.clock.advance(500);
    expect(runs).toHaveLength(0);
    link.state.isCut = true;
    for (const node of cluster.nodes) node.locks.disconnect(dying.id);
    await cluster.clock.advance(3_000);
    const ticks = runs.map((run) => run.tick);
    expect(missing(ticks)).toEqual([]);
    expect(ticks[0]).toBe(Date.UTC(2030, 0, 1) + 7_000);
    expect(latenessMs[0]).toBeLessThanOrEqual(300);
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
