import { describe, expect, it } from 'vitest';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { type JoinOptions } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { termsFor } from '../../../support/electorate.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { cuttable, idle, LIMIT_MS, PERIOD_MS, pausable, refusing, Stage } from './audit-stage.js';

function findingsOf(events: readonly ScheduleEvent[]): readonly AuditFinding[] {
  return events.flatMap((event) => (event.type === 'audit' ? [event.finding] : []));
}

describe('the audit', () => {
  it('says nothing while every tick runs, and asks for nothing more', async () => {
    const stage = new Stage();
    let peeks = 0;
    const counting: JoinOptions = {
      wrapMembership: (membership) =>
        between(membership, {
          before: {
            beat: (_id, ticks) => {
              peeks += ticks.length;
            },
          },
        }),
    };
    stage.join([idle], counting);
    await stage.settle();
    peeks = 0;
    await stage.cluster.clock.advance(20_000);
    expect(stage.told).toEqual([]);
    expect(peeks).toBe(0);
    expect(stage.cluster.members[0]?.scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
  });

  it('tells each tick that nobody ran once, by one instance, within a period and the lateness limit', async () => {
    const stage = new Stage();
    const ledgers = [refusing(), refusing(), refusing()];
    for (const { joining } of ledgers) stage.join([idle], joining);
    await stage.settle();
    for (const { state } of ledgers) state.refuses = true;
    await stage.cluster.clock.advance(3 * PERIOD_MS);
    for (const { state } of ledgers) state.refuses = false;
    await stage.cluster.clock.advance(10_000);
    const ticks = stage.told.map(({ finding }) => finding.tick);
    expect(ticks).toHaveLength(3);
    expect(new Set(ticks).size).toBe(3);
    for (const { finding, atMs } of stage.told) {
      expect(atMs - finding.tick).toBeLessThanOrEqual(PERIOD_MS + LIMIT_MS);
      expect(finding).toMatchObject({
        task: 'settle',
        outcome: 'missed',
        ticks: 1,
        certain: true,
        cause: 'no_majority',
      });
    }
    for (const { scheduler } of stage.cluster.members) {
      expect(scheduler.status().audit).toEqual({ missed: 3, lost: 0, stuck: 0 });
      expect(scheduler.status().tasks[0]).toMatchObject({ missed: 3, lost: 0 });
    }
  });

  it('lets the next one tell it when the first in rank has died a moment ago', async () => {
    const stage = new Stage();
    const parts = Array.from({ length: 3 }, () => ({ ledger: refusing(), process: pausable() }));
    const members = parts.map(({ ledger, process }) =>
      stage.join([idle], { ...ledger.joining, ...process.joining }),
    );
    await stage.settle();
    for (const { ledger } of parts) ledger.state.refuses = true;
    await stage.cluster.clock.advance(PERIOD_MS);
    const teller = stage.told[0]?.finding.instanceId;
    const dead = parts[members.findIndex(({ id }) => id === teller)];
    if (dead === undefined) throw new Error('nobody told anything');
    const tick = Math.ceil(stage.cluster.clock.wallMs() / PERIOD_MS) * PERIOD_MS;
    // It dies between the tick and the moment at which it would have told it.
    await stage.cluster.clock.advance(400);
    dead.process.pause();
    await stage.cluster.clock.advance(600);
    for (const { ledger } of parts) ledger.state.refuses = false;
    await stage.cluster.clock.advance(6_000);
    // What was told before it died may be told again: better twice than never.
    const told = stage.told.filter(({ finding }) => finding.tick === tick);
    expect(told).toHaveLength(1);
    expect(told[0]?.finding.instanceId).not.toBe(teller);
  });

  it('tells with doubt, each instance for itself, when no majority answers', async () => {
    const stage = new Stage();
    const links = [cuttable(), cuttable()];
    for (const { joining } of links) stage.join([idle], joining);
    await stage.settle();
    for (const { link } of links) link.isCut = true;
    await stage.cluster.clock.advance(4_000);
    for (const { link } of links) link.isCut = false;
    await stage.cluster.clock.advance(3_000);
    for (const { id } of stage.cluster.members) {
      const own = stage.told.filter(({ finding }) => finding.instanceId === id);
      expect(own.length).toBeGreaterThanOrEqual(3);
      expect(own[0]?.finding).toMatchObject({ cause: 'no_majority', certain: false });
      for (const { finding, atMs } of own)
        expect(atMs - finding.tick).toBeLessThanOrEqual(PERIOD_MS + LIMIT_MS);
    }
  });

  it('is silent on an instance that slept while others ran its ticks', async () => {
    const stage = new Stage();
    const process = pausable();
    stage.join([idle]);
    stage.join([idle]);
    const sleeper = stage.join([idle], process.joining);
    await stage.settle();
    process.pause();
    await stage.cluster.clock.advance(20_000);
    process.resume();
    await stage.cluster.clock.advance(10_000);
    expect(reportsOf(sleeper.events).some(({ outcome }) => outcome === 'misfire')).toBe(true);
    expect(stage.told).toEqual([]);
    expect(sleeper.scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
  });

  it('is silent on an instance that slept and is cut off for a while when it wakes', async () => {
    const stage = new Stage();
    const process = pausable();
    const { link, joining } = cuttable();
    stage.join([idle]);
    stage.join([idle], {
      ...joining,
      ...process.joining,
      wrapNode: (node, index) =>
        process.joining.wrapNode?.(joining.wrapNode?.(node, index) ?? node, index) ?? node,
    });
    await stage.settle();
    process.pause();
    await stage.cluster.clock.advance(1_800);
    link.isCut = true;
    process.resume();
    // Its own next tick comes after this.
    await stage.cluster.clock.advance(400);
    link.isCut = false;
    await stage.cluster.clock.advance(10_000);
    expect(stage.told).toEqual([]);
  });

  it.each([
    [
      'asks again when no majority answers, and is certain when one does before the next tick is claimed',
      { cutForMs: 700, certain: true },
    ],
    [
      'tells with doubt when the next tick is claimed before the ledger could be asked',
      { cutForMs: 900, certain: false },
    ],
  ])('%s', async (_title, { cutForMs, certain }) => {
    const stage = new Stage();
    const { link, joining } = cuttable();
    stage.join([idle], joining);
    await stage.settle();
    link.isCut = true;
    const tick = Math.ceil(stage.cluster.clock.wallMs() / PERIOD_MS) * PERIOD_MS;
    await stage.cluster.clock.advanceTo(tick + cutForMs);
    link.isCut = false;
    await stage.cluster.clock.advance(5_000);
    expect(stage.told.map(({ finding }) => finding.tick)).toEqual([tick]);
    expect(stage.told[0]?.finding).toMatchObject({ certain, cause: 'no_majority' });
  });

  it('tells what the only instance has slept through', async () => {
    const stage = new Stage();
    stage.join([idle]);
    await stage.settle();
    stage.cluster.clock.jump(3_000);
    await stage.cluster.clock.advance(2_000);
    expect(stage.told.map(({ finding }) => finding.cause)).toEqual(['too_late', 'too_late', 'too_late']);
    expect(stage.told[0]?.finding.detail).toMatch(/noticed \d+ ms late, limit 400 ms/);
  });

  it('says nothing of ticks that came during a run: the overlap policy wants it so', async () => {
    const stage = new Stage();
    const slow = taskOf(() => stage.cluster.clock.sleepUntil(stage.cluster.clock.monotonicMs() + 3_500));
    stage.join([slow]);
    stage.join([slow]);
    await stage.settle();
    await stage.cluster.clock.advance(20_000);
    const outcomes = stage.cluster.members.flatMap(({ events }) =>
      reportsOf(events).map(({ outcome }) => outcome),
    );
    expect(outcomes).toContain('overlap');
    expect(stage.told).toEqual([]);
  });

  it('tells ticks that no live instance may run, by one that may not', async () => {
    const stage = new Stage();
    const picky = taskOf(() => undefined, { placement: { runOn: ['gpu'], weight: {} } });
    const runner = stage.join([picky], { labels: ['gpu'] });
    stage.join([picky]);
    stage.join([picky]);
    await stage.settle();
    await runner.scheduler.stop();
    await stage.cluster.clock.advance(2_500);
    expect(stage.told.length).toBeGreaterThanOrEqual(2);
    for (const { finding, atMs } of stage.told) {
      expect(finding).toMatchObject({ cause: 'not_eligible', certain: true });
      expect(finding.detail).toContain('gpu');
      expect(atMs - finding.tick).toBeLessThanOrEqual(PERIOD_MS + LIMIT_MS);
    }
  });

  it('says nothing during a rolling deploy', async () => {
    const stage = new Stage();
    const old = [stage.join([idle]), stage.join([idle]), stage.join([idle])];
    await stage.settle();
    for (const { scheduler } of old) {
      stage.join([idle, taskOf(() => undefined, { name: 'new in this version' })]);
      await stage.cluster.clock.advance(1_300);
      await scheduler.stop();
      await stage.cluster.clock.advance(1_900);
    }
    await stage.cluster.clock.advance(10_000);
    expect(stage.told).toEqual([]);
  });

  it('says what the misfire policy makes of a missed tick', async () => {
    const stage = new Stage();
    const { state, joining } = refusing();
    const policies = { ...DEFAULT_POLICIES, misfire: 'latest' } as const;
    stage.join([taskOf(() => undefined, { policies })], joining);
    await stage.settle();
    state.refuses = true;
    await stage.cluster.clock.advance(PERIOD_MS);
    state.refuses = false;
    await stage.cluster.clock.advance(3_000);
    expect(stage.told[0]?.finding.detail).toContain("its misfire policy 'latest' starts what it can");
  });

  it('forgets the ticks of a task that is taken away', async () => {
    const stage = new Stage();
    const { state, joining } = refusing();
    const { scheduler } = stage.join([idle], joining);
    await stage.settle();
    state.refuses = true;
    await stage.cluster.clock.advance(500);
    scheduler.remove('settle');
    await stage.cluster.clock.advance(10_000);
    expect(stage.told).toEqual([]);
  });

  it('is not misled by a minority that has granted the tick: somebody it cannot see may have run it', async () => {
    const stage = new Stage();
    const { state, joining } = refusing();
    stage.join([idle], joining);
    await stage.settle();
    state.refuses = true;
    const tick = Math.ceil(stage.cluster.clock.wallMs() / PERIOD_MS) * PERIOD_MS;
    await stage.cluster.clock.advanceTo(tick);
    const nodes = stage.cluster.nodes.map((node, index) =>
      node.connect({ label: 'stranger', position: `n${index + 1}` }),
    );
    const terms = await termsFor(nodes);
    await nodes[0]?.claim([{ task: 'settle', tick, claimId: 'stranger:1', maxLatenessMs: LIMIT_MS }], terms);
    await stage.cluster.clock.advance(1_350);
    const finding = stage.told.find(({ finding }) => finding.tick === tick)?.finding;
    expect(finding).toMatchObject({ outcome: 'missed', certain: false });
  });

  it('waits for the lateness limit of a task with a long period, and no longer', async () => {
    const stage = new Stage();
    const { state, joining } = refusing();
    stage.join([taskOf(() => undefined, { schedule: every(60_000) })], joining);
    state.refuses = true;
    await stage.cluster.clock.advance(125_000);
    expect(stage.told).toHaveLength(1);
    const [first] = stage.told;
    const lateMs = (first?.atMs ?? 0) - (first?.finding.tick ?? 0);
    expect(lateMs).toBeGreaterThan(24_000);
    expect(lateMs).toBeLessThan(24_500);
    expect(findingsOf(stage.cluster.members[0]?.events ?? [])).toHaveLength(1);
  });
});
