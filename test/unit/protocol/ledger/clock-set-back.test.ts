import { describe, expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import { SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { Outcome } from '#src/protocol/contract/outcome.js';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { doubled, missing, reportsOf, taskOf } from '../../../support/tasks.js';

const HOUR_MS = 3_600_000;
/** By then new nodes vote, and every tick is watched. */
const SETTLED_MS = 8_000;

function findingsOf(events: readonly ScheduleEvent[]): readonly AuditFinding[] {
  return events.flatMap((event) => (event.type === 'audit' ? [event.finding] : []));
}

function outcomesOf(events: readonly ScheduleEvent[], fromMs: number): ReadonlySet<Outcome> {
  const reports = reportsOf(events).filter(({ tick }) => tick >= fromMs);
  return new Set(reports.map(({ outcome }) => outcome));
}

/** A host boots an hour ahead and runs its tasks; then its clock is set right, and the instance starts anew. */
async function setBackByAnHour(
  nodes: number,
): Promise<{ readonly cluster: MemoryCluster; readonly skews: readonly { offsetMs: number }[] }> {
  const skews = Array.from({ length: nodes }, () => ({ offsetMs: HOUR_MS }));
  const cluster = new MemoryCluster({ nodes, nodeSkews: skews });
  const before = cluster.join([taskOf(() => undefined)]);
  await cluster.clock.advance(SETTLED_MS);
  expect(outcomesOf(before.events, 0)).toContain('success');
  const stopped = before.scheduler.stop();
  await cluster.clock.advance(1_000);
  await stopped;
  for (const skew of skews) skew.offsetMs = 0;
  return { cluster, skews };
}

function at(cluster: MemoryCluster, index: number): VotingNode {
  const position = cluster.nodes.length === 1 ? SINGLE_POSITION : `n${index + 1}`;
  const node = cluster.nodes[index]?.connect({ label: 'by hand', position });
  if (node === undefined) throw new Error(`no node ${index}`);
  return node;
}

async function raise(cluster: MemoryCluster, index: number): Promise<void> {
  expect(await at(cluster, index).raiseEpoch(1)).toMatchObject({ value: { isRaised: true, epoch: 1 } });
}

async function epochs(cluster: MemoryCluster): Promise<readonly (number | undefined)[]> {
  const replies = await Promise.all(cluster.nodes.map((_, index) => at(cluster, index).raiseEpoch(0)));
  return replies.map((reply) => (reply.answered ? reply.value.epoch : undefined));
}

describe.each([1, 3])('the clocks of %i nodes that are set back by an hour', (nodes) => {
  it('are named by every tick, and not as ticks that others have taken', async () => {
    const { cluster } = await setBackByAnHour(nodes);
    const after = cluster.join([taskOf(() => undefined)]);
    await cluster.clock.advance(SETTLED_MS);
    const fromMs = cluster.clock.wallMs() - 5_000;
    await cluster.clock.advance(10_000);

    expect(outcomesOf(after.events, fromMs)).toEqual(new Set(['clock_set_back']));
    const report = reportsOf(after.events).at(-1);
    expect(report?.detail).toMatch(/set back by at least 59 min/);
    const told = findingsOf(after.events).filter(({ tick }) => tick >= fromMs);
    expect(told.length).toBeGreaterThan(5);
    expect(new Set(told.map(({ outcome, cause }) => `${outcome} ${cause}`))).toEqual(
      new Set(['missed clock_set_back']),
    );
    expect(told.at(-1)?.detail).toMatch(/set back by at least 59 min/);
  });

  it('run tasks again at once when the epoch is raised, each tick once', async () => {
    const { cluster } = await setBackByAnHour(nodes);
    const ticks: number[] = [];
    const after = cluster.join([taskOf(({ tick }) => ticks.push(tick))]);
    await cluster.clock.advance(SETTLED_MS);
    expect(ticks).toEqual([]);
    for (const [index] of cluster.nodes.entries()) await raise(cluster, index);
    await cluster.clock.advance(SETTLED_MS);
    const fromMs = cluster.clock.wallMs();
    await cluster.clock.advance(5_000);

    expect(outcomesOf(after.events, fromMs)).toEqual(new Set(['success']));
    expect(doubled(ticks)).toEqual([]);
    expect(missing(ticks)).toEqual([]);
    expect(after.scheduler.status().nodeSet?.setBackMs).toEqual({});
  });

  it('are told by every beat, also where no tick is due', async () => {
    const { cluster } = await setBackByAnHour(nodes);
    const after = cluster.join([]);
    await cluster.clock.advance(2_000);
    const { setBackMs = {} } = after.scheduler.status().nodeSet ?? {};
    expect(Object.keys(setBackMs)).toEqual(cluster.nodes.map((_, index) => `node ${index + 1}`));
    expect(Math.min(...Object.values(setBackMs))).toBeGreaterThan(HOUR_MS - 60_000);
  });
});

describe('a raise of the epoch', () => {
  it('reaches a node that was away as soon as an instance meets it, and one that has forgotten it', async () => {
    const { cluster } = await setBackByAnHour(3);
    const after = cluster.join([taskOf(() => undefined)]);
    await cluster.clock.advance(SETTLED_MS);
    await raise(cluster, 0);
    await raise(cluster, 1);
    await cluster.clock.advance(SETTLED_MS);
    expect(await epochs(cluster)).toEqual([1, 1, 1]);
    expect(reportsOf(after.events).at(-1)?.outcome).toBe('success');

    cluster.nodes[1]?.loseMemory('restart');
    await cluster.clock.advance(SETTLED_MS);
    expect(await epochs(cluster)).toEqual([1, 1, 1]);
    expect(reportsOf(after.events).at(-1)?.outcome).toBe('success');
  });

  it('brings no floor back from a node whose raise is still to come', async () => {
    const { cluster } = await setBackByAnHour(3);
    const after = cluster.join([taskOf(() => undefined)]);
    await cluster.clock.advance(SETTLED_MS);
    // One restarts: what the others note of themselves lies an hour ahead.
    cluster.nodes[0]?.loseMemory('restart');
    await raise(cluster, 2);
    await cluster.clock.advance(2 * SETTLED_MS);
    expect(await epochs(cluster)).toEqual([1, 1, 1]);
    expect(after.scheduler.status().nodeSet?.setBackMs).toEqual({});
    expect(reportsOf(after.events).at(-1)?.outcome).toBe('success');
  });

  it('is not carried to a node while its clock is wrong, so that its notes count for nothing', async () => {
    const { cluster, skews } = await setBackByAnHour(3);
    const after = cluster.join([taskOf(() => undefined)]);
    await cluster.clock.advance(SETTLED_MS);
    const third = skews[2] ?? { offsetMs: 0 };
    third.offsetMs = HOUR_MS;
    await raise(cluster, 0);
    await raise(cluster, 1);
    await cluster.clock.advance(60_000);
    expect(await epochs(cluster)).toEqual([1, 1, 0]);
    const { setBackMs = {} } = after.scheduler.status().nodeSet ?? {};
    expect(Object.keys(setBackMs)).not.toContain('node 1');
    expect(Object.keys(setBackMs)).not.toContain('node 2');
    expect(reportsOf(after.events).at(-1)?.outcome).toBe('success');

    third.offsetMs = 0;
    await cluster.clock.advance(SETTLED_MS);
    expect(await epochs(cluster)).toEqual([1, 1, 1]);
    expect(after.scheduler.status().nodeSet?.setBackMs).toEqual({});
    expect(reportsOf(after.events).at(-1)?.outcome).toBe('success');
  });

  it('does not have a task run again that runs once, and has', async () => {
    const skews = [{ offsetMs: HOUR_MS }];
    const cluster = new MemoryCluster({ nodes: 1, nodeSkews: skews });
    let runs = 0;
    const once = () =>
      cluster.join([taskOf(() => (runs += 1))], {
        wrapLedger: (ledger) => {
          const given = new TimeoutLedger(ledger);
          given.limit('settle', 'build 7');
          return given;
        },
      });
    const before = once();
    await cluster.clock.advance(SETTLED_MS);
    expect(runs).toBe(1);
    const stopped = before.scheduler.stop();
    await cluster.clock.advance(1_000);
    await stopped;
    for (const skew of skews) skew.offsetMs = 0;
    await raise(cluster, 0);
    once();
    await cluster.clock.advance(4 * SETTLED_MS);
    expect(runs).toBe(1);
  });
});

it('a lock of a dead holder does not outlive a clock that was set back by more than its time to live', () => {
  let nowMs = 1_800_000_000_000 + HOUR_MS;
  const { locks } = new MemoryNode({ wallMs: () => nowMs });
  const ask = (value: string) => locks.acquire({ task: 'settle', value, holder: value, ttlMs: 3_000 });
  // A new node has a floor ahead of what its clock shows, which proves later what it showed.
  expect(ask('dead')).toEqual({ kind: 'quarantined' });
  nowMs += 3_001;
  expect(ask('dead')).toEqual({ kind: 'acquired' });
  nowMs -= HOUR_MS;
  expect(ask('heir')).toMatchObject({ kind: 'held' });
  nowMs += 3_001;
  expect(ask('heir')).toEqual({ kind: 'acquired' });
});

it('a lock that lives for longer than its bidder’s would is not cut while no clock was set back: it may be of another time to live', () => {
  let nowMs = 1_800_000_000_000;
  const { locks } = MemoryNode.embedded({ wallMs: () => nowMs });
  const ask = (value: string, ttlMs: number) =>
    locks.acquire({ task: 'settle', value, holder: value, ttlMs });
  expect(ask('long', 30_000)).toEqual({ kind: 'acquired' });
  expect(ask('short', 3_000)).toMatchObject({ kind: 'held' });
  nowMs += 29_999;
  expect(ask('short', 3_000)).toMatchObject({ kind: 'held' });
});
