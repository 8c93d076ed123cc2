import { describe, expect, it } from 'vitest';
import { type AuditQuestion, judgeTick } from '#src/protocol/audit/audit-reason.js';
import type { TickReport } from '#src/protocol/contract/outcome.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import { TimeoutSchedule } from '#src/protocol/timeouts/timeout.schedule.js';
import { type Member } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { reportsOf, taskOf } from '../../../support/tasks.js';
import { LIMIT_MS, onceFor, PERIOD_MS, refusing, SETTLED_MS, Stage } from './audit-stage.js';

/** Ends between two ticks. */
const HANDLER_MS = 8_700;
const GPU = { placement: { runOn: ['gpu'], weight: {} } };

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
      eligible: () => 1,
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
      wrapLocks: (locks) =>
        between(locks, { before: { tryAcquire: () => (hangs ? new Promise(() => undefined) : undefined) } }),
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
    for (let count = 0; count < 2; count++) stage.join([task], refusing(state).joining);
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
    const labelled = [0, 1].map(() => stage.join(tasks, { ...refusing(state).joining, labels: ['gpu'] }));
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
    const once = stage.task(0, { ...GPU, schedule: new TimeoutSchedule(dueMs, 'once') });
    const { scheduler } = stage.join([once], onceFor('settle'));
    await stage.advance(60_000);
    expect(stage.told).toEqual([]);
    expect(scheduler.status().audit).toEqual({ missed: 0, lost: 0, stuck: 0 });
  });
});
