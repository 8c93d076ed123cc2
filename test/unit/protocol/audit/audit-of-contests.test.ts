import { describe, expect, it } from 'vitest';
import { type AuditQuestion, judgeTick } from '#src/protocol/audit/audit-reason.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { TickReport } from '#src/protocol/contract/outcome.js';
import type { NodeReply } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import type { Schedule, ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import type { ProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { OnceSchedule } from '#src/protocol/timeouts/timeout.schedule.js';
import { OnceLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { type JoinOptions, type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';

/** By then new nodes vote, and every tick is watched. */
const SETTLED_MS = 8_700;
const PERIOD_MS = 1_000;
const LIMIT_MS = 400;
/** As long as the default time for an answer lets it last. */
const SILENT_FOR_MS = 120;
/** Ends between two ticks. */
const HANDLER_MS = 8_700;
const SILENT: NodeReply<never> = { answered: false, reason: 'timeout' };
const GPU = { placement: { runOn: ['gpu'], weight: {} } };

class Stage {
  readonly cluster: MemoryCluster;
  /** How late the silent node lets each answer come. Changed by the test. */
  silentForMs = SILENT_FOR_MS;
  readonly told: { readonly finding: AuditFinding; readonly atMs: number }[] = [];

  constructor(options: Partial<ProtocolOptions> = {}) {
    this.cluster = new MemoryCluster({ options });
  }

  join(tasks: readonly ScheduledTask[], given: JoinOptions = {}): Member {
    return this.cluster.join(tasks, {
      ...given,
      onEvent: (event) => {
        if (event.type === 'audit')
          this.told.push({ finding: event.finding, atMs: this.cluster.clock.wallMs() });
      },
    });
  }

  task(handlerMs: number, given: Partial<ScheduledTask> = {}): ScheduledTask {
    return taskOf(() => this.sleep(handlerMs), given);
  }

  sleep(ms: number): Promise<void> {
    const { clock } = this.cluster;
    return clock.sleepUntil(clock.monotonicMs() + ms);
  }

  advance(ms: number): Promise<void> {
    return this.cluster.clock.advance(ms);
  }

  /** One node of three answers nothing but beats: every step of a bid lasts as long as an answer is waited for. */
  withSilentNode(): JoinOptions {
    const late = async <T>(answer: () => Promise<T>): Promise<T> => {
      await this.sleep(this.silentForMs);
      return answer();
    };
    return {
      wrapNode: (node, index) =>
        index > 0
          ? node
          : aroundNode(node, (ask, call) =>
              call === 'beat' || call === 'leave' ? ask() : late(async () => SILENT),
            ),
      wrapLocks: (locks) => ({
        tryAcquire: (tasks, ttlMs) => late(() => locks.tryAcquire(tasks, ttlMs)),
        extend: (held, ttlMs) => late(() => locks.extend(held, ttlMs)),
        release: (held) => late(() => locks.release(held)),
      }),
    };
  }
}

/** A ledger that refuses every claim as if votes were split, while it is told to. */
function refusing(state: { refuses: boolean }): JoinOptions {
  return {
    wrapLedger: (ledger) => ({
      claim: async (claims) =>
        state.refuses ? claims.map(() => ({ kind: 'split', votesOut: 0 })) : ledger.claim(claims),
      giveBack: (claims) => ledger.giveBack(claims),
      peek: (ticks) => ledger.peek(ticks),
    }),
  };
}

/** A ledger for which the task runs once. */
function onceFor(task: string): JoinOptions {
  return {
    wrapLedger: (ledger) => {
      const once = new OnceLedger(ledger);
      once.limit(task, 'v1');
      return once;
    },
  };
}

function outcomesOf({ events }: Member): readonly string[] {
  return reportsOf(events).map(({ outcome }) => outcome);
}

describe('the audit and the contests that go on', () => {
  it.each([1, 3])(
    'raises no alarm for a handler of about nine periods on %d instances, although each answer comes late',
    async (instances) => {
      const stage = new Stage();
      for (let count = 0; count < instances; count++)
        stage.join([stage.task(HANDLER_MS)], stage.withSilentNode());
      await stage.advance(SETTLED_MS + 30_000);
      expect(stage.cluster.members.flatMap(outcomesOf)).toContain('overlap');
      expect(stage.told).toEqual([]);
      for (const { scheduler } of stage.cluster.members)
        expect(scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
    },
  );

  it('waits for the end of a contest as long as calls may last by the options', async () => {
    const stage = new Stage({ nodeTimeoutMs: 500 });
    stage.silentForMs = 0;
    const member = stage.join([stage.task(60_000)], stage.withSilentNode());
    await stage.advance(SETTLED_MS);
    // The second bid still begins in time, and takes two calls.
    stage.silentForMs = 410;
    await stage.advance(20_000);
    expect(outcomesOf(member)).toContain('overlap');
    expect(stage.told).toEqual([]);
  });

  it('does not conclude from the claim of a later tick that nobody had this one, before its own contest has ended', () => {
    const question: AuditQuestion = {
      due: { task: taskOf(() => undefined), tick: 1_000, maxLatenessMs: LIMIT_MS },
      report: undefined,
      peek: toAnswer({ kind: 'taken' }),
      hadNoAnswer: true,
      ownFate: undefined,
      instanceId: 'one',
      isAlive: () => true,
      mayRun: true,
      eligible: 1,
    };
    const report: TickReport = { task: 'settle', tick: 1_000, outcome: 'no_quorum', instanceId: 'one' };
    expect(judgeTick(question).kind).toBe('unsure');
    expect(judgeTick({ ...question, report }).kind).toBe('missed');
    expect(judgeTick({ ...question, report: { ...report, outcome: 'overlap' } }).kind).toBe('fine');
  });

  it('tells a tick whose contest never ends, with doubt and in time', async () => {
    const stage = new Stage();
    let hangs = false;
    stage.join([stage.task(0)], {
      wrapLocks: (locks) => ({
        tryAcquire: (tasks, ttlMs) => (hangs ? new Promise(() => undefined) : locks.tryAcquire(tasks, ttlMs)),
        extend: (held, ttlMs) => locks.extend(held, ttlMs),
        release: (held) => locks.release(held),
      }),
    });
    await stage.advance(SETTLED_MS);
    hangs = true;
    await stage.advance(4 * PERIOD_MS);
    expect(stage.told.length).toBeGreaterThanOrEqual(3);
    for (const { finding, atMs } of stage.told) {
      expect(finding).toMatchObject({ outcome: 'missed', cause: 'unclaimed', certain: false });
      expect(atMs - finding.tick).toBeLessThanOrEqual(PERIOD_MS + LIMIT_MS);
    }
  });

  it('leaves a buffered tick alone that waits for the end of the run on its own instance', async () => {
    const stage = new Stage();
    const policies = { ...DEFAULT_POLICIES, overlap: 'buffer_one' } as const;
    for (let count = 0; count < 2; count++) stage.join([stage.task(5 * PERIOD_MS, { policies })]);
    await stage.advance(SETTLED_MS + 30_000);
    expect(stage.told).toEqual([]);
  });

  it('leaves ticks alone that stand in line behind missed ones which are made up for', async () => {
    const stage = new Stage();
    const state = { refuses: false };
    const policies = { ...DEFAULT_POLICIES, misfire: 'all' } as const;
    const ran: number[] = [];
    const task = taskOf(
      async ({ tick }) => {
        await stage.sleep(900);
        ran.push(tick);
      },
      { policies },
    );
    for (let count = 0; count < 2; count++) stage.join([task], refusing(state));
    await stage.advance(SETTLED_MS);
    state.refuses = true;
    await stage.advance(5 * PERIOD_MS);
    state.refuses = false;
    const healedMs = stage.cluster.clock.wallMs();
    await stage.advance(30_000);
    // They did wait: each of them far longer than its lateness limit.
    expect(ran.filter((tick) => tick > healedMs).length).toBeGreaterThan(20);
    expect(stage.told.filter(({ finding }) => finding.tick > healedMs)).toEqual([]);
  });
});

describe('the audit on instances that may not run the task', () => {
  it('does not take for missed what came during a run elsewhere', async () => {
    const stage = new Stage();
    const runner = stage.join([stage.task(3_500, GPU)], { labels: ['gpu'] });
    const others = [stage.join([stage.task(0, GPU)]), stage.join([stage.task(0, GPU)])];
    await stage.advance(SETTLED_MS + 20_000);
    expect(outcomesOf(runner)).toContain('overlap');
    expect(stage.told).toEqual([]);
    for (const { scheduler } of others)
      expect(scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
  });

  it('leaves it to those that may to tell what they have missed, each tick once', async () => {
    const stage = new Stage();
    const state = { refuses: false };
    const tasks = ['report', 'invoice', 'backup'].map((name) => stage.task(0, { ...GPU, name }));
    const labelled = [0, 1].map(() => stage.join(tasks, { ...refusing(state), labels: ['gpu'] }));
    const others = [0, 1, 2, 3].map(() => stage.join(tasks));
    await stage.advance(SETTLED_MS);
    state.refuses = true;
    await stage.advance(3 * PERIOD_MS);
    state.refuses = false;
    await stage.advance(10_000);
    expect(stage.told).toHaveLength(9);
    for (const { finding, atMs } of stage.told) {
      expect(labelled.map(({ id }) => id)).toContain(finding.instanceId);
      expect(atMs - finding.tick).toBeLessThanOrEqual(PERIOD_MS + LIMIT_MS);
    }
    for (const { scheduler } of labelled)
      expect(scheduler.status().audit).toEqual({ missed: 9, lost: 0, stuck: 0 });
    for (const { scheduler } of others)
      expect(scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
  });

  it('leaves tasks that run once to those that contest them', async () => {
    const stage = new Stage();
    const dueMs = stage.cluster.clock.wallMs() + 10_000;
    const once = stage.task(0, { ...GPU, schedule: new OnceSchedule(dueMs, 'once') });
    const { scheduler } = stage.join([once], onceFor('settle'));
    await stage.advance(60_000);
    expect(stage.told).toEqual([]);
    expect(scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
  });
});

describe('the audit of what nobody was there for', () => {
  const startsOf = ({ events }: Member): number => events.filter(({ type }) => type === 'started').length;

  const atOnly = (atMs: number): Schedule => ({
    description: 'once',
    nextAfter: (epochMs) => (epochMs < atMs ? atMs : undefined),
  });

  /** A task of which the ledger knows nothing, and whose only instant passes while no instance is there. */
  async function passedWhileDown(
    countsFrom: (startMs: number) => Partial<ScheduledTask>,
    joining: JoinOptions = {},
    meanwhile: (cluster: MemoryCluster) => void = () => undefined,
  ): Promise<Stage> {
    const stage = new Stage();
    const startMs = stage.cluster.clock.wallMs();
    const oneShot = stage.task(0, {
      name: 'one shot',
      schedule: atOnly(startMs + 20_000),
      ...countsFrom(startMs),
    });
    const first = stage.join([oneShot], joining);
    await stage.advance(10_000);
    await first.scheduler.stop();
    stage.cluster.clock.jump(60_000);
    meanwhile(stage.cluster);
    stage.cluster.clock.jump(60_000);
    stage.join([oneShot], joining);
    await stage.advance(6_000);
    return stage;
  }

  it('tells the only instant of a task that was added before it and that nobody could run', async () => {
    const stage = await passedWhileDown((startMs) => ({ countsFromMs: startMs + 5_000 }));
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([
      { task: 'one shot', ticks: 1, outcome: 'missed', cause: 'while_down', certain: true },
    ]);
  });

  it('is certain although one node has lost its memory since: one of the other two would know of a run', async () => {
    const stage = await passedWhileDown(
      (startMs) => ({ countsFromMs: startMs + 5_000 }),
      {},
      ({ nodes }) => nodes[0]?.loseMemory('restart'),
    );
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([{ cause: 'while_down', certain: true }]);
  });

  it('says nothing of an instant that lies before the task was added, or of a task that was never seen', async () => {
    const added = await passedWhileDown((startMs) => ({ countsFromMs: startMs + 30_000 }));
    const unknown = await passedWhileDown(() => ({}));
    expect([...added.told, ...unknown.told]).toEqual([]);
  });

  it('says nothing of a task that runs once: whoever comes takes it up', async () => {
    const stage = await passedWhileDown(
      (startMs) => ({ schedule: new OnceSchedule(startMs + 20_000, 'once'), countsFromMs: startMs }),
      onceFor('one shot'),
    );
    expect(stage.told).toEqual([]);
  });

  it('says nothing of what ran, and whose line nodes have forgotten since, and nobody runs it again', async () => {
    const stage = new Stage();
    const startMs = stage.cluster.clock.wallMs();
    const policies = { ...DEFAULT_POLICIES, misfire: 'all', misfireWithinMs: 3_600_000 } as const;
    const added = { countsFromMs: startMs, isForgettable: true, policies };
    const oneShot = stage.task(0, { name: 'one shot', schedule: atOnly(startMs + 5_000), ...added });
    const first = stage.join([oneShot]);
    await stage.advance(10_000);
    expect(startsOf(first)).toBe(1);
    await first.scheduler.stop();
    stage.cluster.clock.jump(60_000);
    for (const node of stage.cluster.nodes) {
      const reply = await node.connect({ label: 'node' }).prune({ windowMs: 0, restMs: 0 });
      expect(reply).toMatchObject({ value: { forgotten: 1 } });
    }
    const second = stage.join([oneShot]);
    await stage.advance(20_000);
    expect(startsOf(second)).toBe(0);
    expect(stage.told).toEqual([]);
  });

  it('does not count what it has made up for itself by then, and is certain of nothing that may still be', async () => {
    const stage = new Stage();
    const policies = { ...DEFAULT_POLICIES, misfire: 'latest', misfireWithinMs: 3_600_000 } as const;
    const task = stage.task(0, { policies, schedule: every(10_000) });
    const first = stage.join([task]);
    await stage.advance(12_000);
    await first.scheduler.stop();
    stage.cluster.clock.jump(62_000);
    const joinedMs = stage.cluster.clock.wallMs();
    const second = stage.join([task]);
    await stage.advance(6_000);
    const [made] = second.events.flatMap((event) => (event.type === 'started' ? [event.tick] : []));
    expect(made).toBeLessThan(joinedMs);
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([
      { cause: 'while_down', ticks: 5, certain: false, tick: (made ?? 0) - 10_000 },
    ]);
  });

  it('counts from a decision on that is younger than the newest claim', async () => {
    const stage = new Stage();
    const first = stage.join([stage.task(0)]);
    await stage.advance(10_700);
    await first.scheduler.stop();
    const decidedMs = stage.cluster.clock.wallMs();
    stage.cluster.clock.jump(120_000);
    stage.join([stage.task(0, { schedule: every(60_000), countsFromMs: decidedMs })]);
    await stage.advance(6_000);
    // The second one could still be started in time, though by nobody who comes after it.
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([
      { cause: 'while_down', ticks: 2, certain: false },
    ]);
  });
});
