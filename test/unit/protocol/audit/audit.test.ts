import { describe, expect, it } from 'vitest';
import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { type JoinOptions, type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { termsFor } from '../../../support/electorate.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';

/** By then new nodes vote, and every tick is watched. */
const SETTLED_MS = 8_000;
const PERIOD_MS = 1_000;
const LIMIT_MS = 400;
const SILENT: NodeReply<never> = { answered: false, reason: 'cut' };

function findingsOf(events: readonly ScheduleEvent[]): readonly AuditFinding[] {
  return events.flatMap((event) => (event.type === 'audit' ? [event.finding] : []));
}

/** The findings of all members, with the moment at which each was told. */
class Stage {
  readonly cluster = new MemoryCluster();
  readonly told: { readonly finding: AuditFinding; readonly atMs: number }[] = [];

  join(tasks: readonly ScheduledTask[], given: JoinOptions = {}): Member {
    return this.cluster.join(tasks, {
      ...given,
      onEvent: (event) => {
        if (event.type === 'audit')
          this.told.push({ finding: event.finding, atMs: this.cluster.clock.wallMs() });
      },
    });
  }

  /** Lets the cluster come into its stride and ends between two ticks. */
  async settle(): Promise<void> {
    await this.cluster.clock.advance(SETTLED_MS + 700);
    this.told.length = 0;
  }
}

/** An instance that can be cut off from its nodes, or kept from asking for anything but ticks. */
function cuttable(): { readonly link: { isCut: boolean }; readonly joining: JoinOptions } {
  const link = { isCut: false };
  const wrapNode = (node: VotingNode): VotingNode =>
    aroundNode(node, async (ask) => (link.isCut ? SILENT : ask()));
  const joining: JoinOptions = {
    wrapNode,
    wrapLocks: (locks) => ({
      tryAcquire: async (tasks, ttlMs) =>
        link.isCut ? tasks.map(() => ({ kind: 'no_quorum', reason: 'cut' })) : locks.tryAcquire(tasks, ttlMs),
      extend: async (held, ttlMs) =>
        link.isCut ? held.map(() => ({ kind: 'no_quorum', reason: 'cut' })) : locks.extend(held, ttlMs),
      release: async (held) => (link.isCut ? undefined : locks.release(held)),
    }),
  };
  return { link, joining };
}

/** A process that can be stopped: nothing in it goes on, and answers wait for it. */
function pausable(): { pause(): void; resume(): void; readonly joining: JoinOptions } {
  let awake = Promise.resolve();
  let resume = (): void => undefined;
  const held = async <T>(work: Promise<T>): Promise<T> => {
    const value = await work;
    await awake;
    return value;
  };
  return {
    pause: () => {
      awake = new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume: () => resume(),
    joining: {
      wrapClock: (clock) => ({
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs(),
        sleepUntil: (untilMs, signal) => held(clock.sleepUntil(untilMs, signal)),
        wakeExactlyAt: (untilMs) => held(clock.wakeExactlyAt(untilMs)),
      }),
      wrapNode: (node) => aroundNode(node, (ask) => held(ask())),
    },
  };
}

/** A ledger that refuses every claim as if votes were split, while it is told to. */
function refusing(): { readonly state: { refuses: boolean }; readonly joining: JoinOptions } {
  const state = { refuses: false };
  const joining: JoinOptions = {
    wrapLedger: (ledger) => ({
      claim: async (claims) =>
        state.refuses ? claims.map(() => ({ kind: 'split', votesOut: 0 })) : ledger.claim(claims),
      giveBack: (claims) => ledger.giveBack(claims),
      peek: (ticks) => ledger.peek(ticks),
    }),
  };
  return { state, joining };
}

const idle = taskOf(() => undefined);

/** What the board would say about others. Changed by the test. */
class Directory implements InstanceDirectory {
  readonly since = new Map<string, number>();
  readonly told = new Set<string>();

  sinceMsOf(instanceId: string): number | undefined {
    return this.since.get(instanceId);
  }

  hasTold({ task, tick }: AuditFinding): boolean {
    return this.told.has(`${task} ${tick}`);
  }

  noteTold({ task, tick }: AuditFinding): void {
    this.told.add(`${task} ${tick}`);
  }
}

describe('the audit', () => {
  it('says nothing while every tick runs, and asks for nothing more', async () => {
    const stage = new Stage();
    let peeks = 0;
    const counting: JoinOptions = {
      wrapMembership: (membership) => ({
        beat: (id, ticks) => {
          peeks += ticks.length;
          return membership.beat(id, ticks);
        },
        leave: (id) => membership.leave(id),
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

  it('asks again when no majority answers, and is certain when one does before the next tick is claimed', async () => {
    const stage = new Stage();
    const { link, joining } = cuttable();
    stage.join([idle], joining);
    await stage.settle();
    link.isCut = true;
    const tick = Math.ceil(stage.cluster.clock.wallMs() / PERIOD_MS) * PERIOD_MS;
    await stage.cluster.clock.advanceTo(tick + 700);
    link.isCut = false;
    await stage.cluster.clock.advance(5_000);
    expect(stage.told.map(({ finding }) => finding.tick)).toEqual([tick]);
    expect(stage.told[0]?.finding).toMatchObject({ certain: true, cause: 'no_majority' });
  });

  it('tells with doubt when the next tick is claimed before the ledger could be asked', async () => {
    const stage = new Stage();
    const { link, joining } = cuttable();
    stage.join([idle], joining);
    await stage.settle();
    link.isCut = true;
    const tick = Math.ceil(stage.cluster.clock.wallMs() / PERIOD_MS) * PERIOD_MS;
    await stage.cluster.clock.advanceTo(tick + 900);
    link.isCut = false;
    await stage.cluster.clock.advance(5_000);
    expect(stage.told.map(({ finding }) => finding.tick)).toEqual([tick]);
    expect(stage.told[0]?.finding).toMatchObject({ certain: false, cause: 'no_majority' });
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
    const link = cuttable();
    stage.join([idle], {
      wrapLedger: (ledger) => ({
        claim: async (claims) =>
          link.link.isCut ? claims.map(() => ({ kind: 'split', votesOut: 0 })) : ledger.claim(claims),
        giveBack: (claims) => ledger.giveBack(claims),
        peek: (ticks) => ledger.peek(ticks),
      }),
    });
    await stage.settle();
    link.link.isCut = true;
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

describe('the audit at the start of an instance', () => {
  /** Runs for a while, is stopped, and nobody is there for so long. */
  async function downFor(downMs: number, task = idle): Promise<Stage> {
    const stage = new Stage();
    const first = stage.join([task]);
    await stage.settle();
    await first.scheduler.stop();
    stage.cluster.clock.jump(downMs);
    return stage;
  }

  it('counts what came due while no instance was there, once per task', async () => {
    const stage = await downFor(60_000);
    stage.join([idle]);
    await stage.cluster.clock.advance(6_000);
    expect(stage.told).toHaveLength(1);
    const finding = stage.told[0]?.finding;
    expect(finding).toMatchObject({ outcome: 'missed', cause: 'while_down', certain: true });
    expect(finding?.ticks).toBeGreaterThanOrEqual(59);
    expect(finding?.ticks).toBeLessThanOrEqual(60);
    expect(stage.cluster.members[1]?.scheduler.status().audit.missed).toBe(finding?.ticks);
  });

  it.each([50, 250, 450, 950])(
    'leaves out no tick before its own first one, %i ms after a tick',
    async (ms) => {
      let lastRun = 0;
      const task = taskOf(({ tick }) => {
        lastRun = tick;
      });
      const stage = await downFor(60_000, task);
      const { clock } = stage.cluster;
      clock.jump(1_000 + ms - (clock.wallMs() % 1_000));
      const startedMs = clock.wallMs();
      const ranBefore = lastRun;
      stage.join([task]);
      await clock.advance(6_000);
      const [finding] = stage.told.map((one) => one.finding);
      expect(finding?.tick).toBe(Math.floor(startedMs / 1_000) * 1_000);
      expect(finding?.ticks).toBe(((finding?.tick ?? 0) - ranBefore) / 1_000);
      // Somebody who slept may start a tick until its lateness limit.
      expect(finding?.certain).toBe(ms > 400 + 150);
    },
  );

  it('counts a thousand ticks of a task at most', async () => {
    const stage = await downFor(7_200_000);
    stage.join([idle]);
    await stage.cluster.clock.advance(6_000);
    expect(stage.told[0]?.finding.ticks).toBe(1_000);
    expect(stage.told[0]?.finding.detail).toContain('at least 1000');
  });

  it('believes the node that knows more, where one has missed the newest tick and another one is away', async () => {
    const stage = new Stage();
    const isAway = [false, false, false];
    const wrapNode = (node: VotingNode, index: number): VotingNode =>
      aroundNode(node, async (ask) => (isAway[index] ? SILENT : ask()));
    const first = stage.join([idle], { wrapNode });
    await stage.settle();
    isAway[2] = true;
    await stage.cluster.clock.advance(20_000);
    await first.scheduler.stop();
    isAway[2] = false;
    isAway[1] = true;
    stage.told.length = 0;
    stage.join([idle], { wrapNode });
    await stage.cluster.clock.advance(6_000);
    expect(stage.told.filter(({ finding }) => finding.cause === 'while_down')).toEqual([]);
  });

  it('says nothing where others have been there all the time, whatever the ledger shows', async () => {
    const stage = new Stage();
    const slow = taskOf(() => stage.cluster.clock.sleepUntil(stage.cluster.clock.monotonicMs() + 30_000));
    stage.join([slow]);
    await stage.cluster.clock.advance(20_000);
    stage.told.length = 0;
    stage.join([slow]);
    await stage.cluster.clock.advance(15_000);
    expect(stage.told).toEqual([]);
  });

  it('counts for all that start together after a time without any, and tells it once', async () => {
    const stage = await downFor(60_000);
    const directory = new Directory();
    for (const id of ['instance-2', 'instance-3', 'instance-4']) {
      directory.since.set(id, stage.cluster.clock.wallMs());
      stage.join([idle], { directory });
    }
    await stage.cluster.clock.advance(15_000);
    expect(stage.told).toHaveLength(1);
    expect(stage.told[0]?.finding.ticks).toBeGreaterThanOrEqual(59);
  });

  it('says nothing of a task that the ledger does not know, or that is due by another schedule now', async () => {
    const stage = await downFor(
      60_000,
      taskOf(() => undefined, { schedule: every(1_900) }),
    );
    stage.join([
      taskOf(() => undefined, { schedule: every(1_100) }),
      taskOf(() => undefined, { name: 'new' }),
    ]);
    await stage.cluster.clock.advance(9_000);
    expect(stage.told).toEqual([]);
  });
});
