import { describe, expect, it } from 'vitest';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { doubled, missing, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';

describe('stopping an instance', () => {
  it('loses no tick: the others take over at once', async () => {
    const cluster = new MemoryCluster();
    const runs: TickContext[] = [];
    const task = taskOf((tick) => void runs.push(tick));
    for (let index = 0; index < 3; index += 1) cluster.join([task]);
    await cluster.clock.advance(6_500);
    const winner = cluster.members.find((member) => member.id === runs.at(-1)?.instanceId);
    const stopped = winner?.scheduler.stop();
    await cluster.clock.advance(5_000);
    await stopped;
    const ticks = runs.map((run) => run.tick);
    expect(missing(ticks)).toEqual([]);
    expect(doubled(ticks)).toEqual([]);
    expect(winner?.scheduler.status().state).toBe('stopped');
  });

  it('waits for a run in flight and releases its lock', async () => {
    const cluster = new MemoryCluster();
    let ended = 0;
    const task = taskOf(async () => {
      await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 700);
      ended += 1;
    });
    const member = cluster.join([task]);
    await cluster.clock.advance(3_200);
    expect(member.scheduler.status().leases).toHaveLength(1);
    let isStopped = false;
    void member.scheduler.stop().then(() => {
      isStopped = true;
    });
    await cluster.clock.advance(300);
    expect(isStopped).toBe(false);
    await cluster.clock.advance(300);
    expect(isStopped).toBe(true);
    expect(ended).toBe(1);
    expect(member.scheduler.status().leases).toHaveLength(0);
  });

  it('runs a tick that was claimed before the stop: between claim and fire nothing is dropped', async () => {
    const cluster = new MemoryCluster();
    const ticks: number[] = [];
    const member = cluster.join([taskOf((tick) => void ticks.push(tick.tick))]);
    await cluster.clock.advance(5_980);
    const before = ticks.length;
    const stopped = member.scheduler.stop();
    await cluster.clock.advance(1_000);
    await stopped;
    expect(ticks).toHaveLength(before + 1);
  });

  it('waits until what it has given up has left, which would be lost with the connections', async () => {
    const cluster = new MemoryCluster();
    let claims = 0;
    let underWay = 0;
    const { scheduler } = cluster.join([taskOf(() => undefined)], {
      wrapNode: (node) =>
        aroundNode(node, async (ask, call) => {
          if (call === 'claim') claims += 1;
          if (call !== 'giveBack') return call === 'claim' ? { answered: false, reason: 'lost' } : ask();
          underWay += 1;
          await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 100);
          underWay -= 1;
          return ask();
        }),
    });
    while (claims === 0) await cluster.clock.advance(1);
    let leftBehind: number | undefined;
    const stopped = scheduler.stop().then(() => {
      leftBehind = underWay;
    });
    await cluster.clock.advance(2_000);
    await stopped;
    expect(leftBehind).toBe(0);
  });

  it('aborts a run that does not end in time, and does not wait for ever', async () => {
    const cluster = new MemoryCluster({ options: { shutdownTimeoutMs: 1_000 } });
    let reason: unknown;
    const task = taskOf(
      (tick) =>
        new Promise(() => {
          tick.signal.addEventListener('abort', () => {
            reason = tick.signal.reason;
          });
        }),
    );
    const member = cluster.join([task]);
    await cluster.clock.advance(4_500);
    let isStopped = false;
    void member.scheduler.stop().then(() => {
      isStopped = true;
    });
    await cluster.clock.advance(850);
    expect(String(reason)).toContain('shutting down');
    expect(isStopped).toBe(false);
    await cluster.clock.advance(200);
    expect(isStopped).toBe(true);
  });

  it('lets a run that obeys its signal end as aborted', async () => {
    const cluster = new MemoryCluster({ options: { shutdownTimeoutMs: 1_000 } });
    const task = taskOf(
      (tick) => new Promise<void>((resolve) => tick.signal.addEventListener('abort', () => resolve())),
    );
    const member = cluster.join([task]);
    await cluster.clock.advance(4_500);
    const stopped = member.scheduler.stop();
    await cluster.clock.advance(1_000);
    await stopped;
    expect(reportsOf(member.events).map((report) => report.outcome)).toContain('aborted');
  });

  it('starts nothing any more once it has given up waiting', async () => {
    const cluster = new MemoryCluster({ options: { shutdownTimeoutMs: 0 } });
    const ticks: number[] = [];
    const member = cluster.join([taskOf((tick) => void ticks.push(tick.tick))]);
    await cluster.clock.advance(5_980);
    const before = ticks.length;
    const stopped = member.scheduler.stop();
    await cluster.clock.advance(0);
    await stopped;
    await cluster.clock.advance(1_000);
    expect(ticks).toHaveLength(before);
    expect(reportsOf(member.events).at(-1)?.outcome).toBe('stopped');
  });

  it('leaves the membership, and no beat brings it back', async () => {
    const cluster = new MemoryCluster();
    const calls: string[] = [];
    const member = cluster.join([taskOf(() => undefined)], {
      wrapMembership: (membership) =>
        between(membership, { before: { beat: () => calls.push('beat'), leave: () => calls.push('leave') } }),
    });
    await cluster.clock.advance(20);
    const stopped = member.scheduler.stop();
    await cluster.clock.advance(2_000);
    await stopped;
    expect(calls.at(-1)).toBe('leave');
    expect(calls.filter((call) => call === 'leave')).toHaveLength(1);
  });

  it('does not bid any more, and can be called twice', async () => {
    const cluster = new MemoryCluster();
    const ticks: number[] = [];
    const member = cluster.join([taskOf((tick) => void ticks.push(tick.tick))]);
    await cluster.clock.advance(4_500);
    await Promise.all([member.scheduler.stop(), member.scheduler.stop()]);
    const before = ticks.length;
    await cluster.clock.advance(5_000);
    expect(ticks).toHaveLength(before);
  });
});
