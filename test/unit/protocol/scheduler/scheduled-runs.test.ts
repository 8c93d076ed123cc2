import { describe, expect, it } from 'vitest';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { missing, reportsOf, taskOf } from '../../../support/tasks.js';
import { cuttable, SETTLED_MS, setUp } from './scheduler-stage.js';

describe('the scheduler', () => {
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

  it('starts first what may be late least, of the ticks of one moment', async () => {
    const cluster = new MemoryCluster();
    const started: string[] = [];
    const limits = [400, 310, 450, 320];
    const tasks = limits.map((maxLatenessMs) =>
      taskOf(({ task }) => void started.push(task), { name: `${maxLatenessMs}`, maxLatenessMs }),
    );
    cluster.join(tasks);
    await cluster.clock.advance(SETTLED_MS);
    expect(started.slice(-limits.length)).toEqual(['310', '320', '400', '450']);
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
});
