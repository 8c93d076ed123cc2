/** Tasks that are due at instants close to each other, which share their messages. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { JitteredSchedule } from '#src/protocol/schedules/jittered.schedule.js';
import { type JoinOptions, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { doubled, EVERY_SECOND, reportsOf, taskOf } from '../../../support/tasks.js';
import { cuttable, SECOND_MS, SETTLED_MS } from './scheduler-stage.js';

const JITTER_MS = 100;
const OBSERVED_MS = 10_000;

interface Started {
  readonly task: string;
  readonly tick: number;
  readonly atMs: number;
}

function stage(tasks: number, runsForMs: (index: number) => number = () => 0) {
  const cluster = new MemoryCluster();
  const starts: Started[] = [];
  const schedules = Array.from(
    { length: tasks },
    (_, index): Schedule => new JitteredSchedule(`task ${index}`, EVERY_SECOND, JITTER_MS),
  );
  const all = schedules.map((schedule, index) =>
    taskOf(
      async ({ task, tick }) => {
        starts.push({ task, tick, atMs: cluster.clock.wallMs() });
        const { clock } = cluster;
        if (runsForMs(index) > 0) await clock.sleepUntil(clock.monotonicMs() + runsForMs(index));
      },
      { name: `task ${index}`, schedule },
    ),
  );
  const join = (joining?: JoinOptions) => cluster.join(all, joining);
  /** What of the ticks from `fromMs` on did not start, and what started twice; by task and tick. */
  const judge = (fromMs: number, toMs: number) => {
    const due = schedules.flatMap((schedule, index) => {
      const ticks: string[] = [];
      for (
        let tick = schedule.nextAfter(fromMs);
        tick !== undefined && tick < toMs;
        tick = schedule.nextAfter(tick)
      )
        ticks.push(`task ${index} ${tick}`);
      return ticks;
    });
    const ran = starts.map(({ task, tick }) => `${task} ${tick}`);
    const twice = ran.filter((one, index) => ran.indexOf(one) !== index);
    return { due: due.length, missed: due.filter((one) => !ran.includes(one)), twice };
  };
  return { cluster, starts, join, judge };
}

describe('jittered tasks', () => {
  it('start each at its own instant, with a few messages for all', async () => {
    const { cluster, starts, join, judge } = stage(60);
    const counted = { bids: 0, looks: 0 };
    const count = (what: keyof typeof counted): void => {
      counted[what] += 1;
    };
    for (let index = 0; index < 3; index += 1)
      join({
        wrapLocks: (locks) => between(locks, { before: { tryAcquire: () => count('bids') } }),
        wrapMembership: (membership) =>
          between(membership, {
            before: { beat: (_id, peeks) => (peeks.length > 0 ? count('looks') : undefined) },
          }),
      });
    await cluster.clock.advance(SETTLED_MS);
    Object.assign(counted, { bids: 0, looks: 0 });
    const fromMs = cluster.clock.wallMs() + JITTER_MS;
    await cluster.clock.advance(OBSERVED_MS);
    const { due, missed, twice } = judge(fromMs, cluster.clock.wallMs() - JITTER_MS);
    expect({ missed, twice }).toEqual({ missed: [], twice: [] });
    expect(due).toBeGreaterThan(500);
    const observed = starts.filter(({ tick }) => tick >= fromMs);
    for (const { tick, atMs } of observed) expect(atMs - tick).toBeCloseTo(0, 0);
    // Three slots a second and instance, where each instant had its own.
    const most = (OBSERVED_MS / SECOND_MS) * 3 * 4;
    expect(counted.bids).toBeLessThanOrEqual(most);
    expect(counted.looks).toBeLessThanOrEqual(most);
  });

  it('run once each, and all of them, when instances come and go and runs take their time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5, max: 30 }),
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 0, max: 999 }),
        async (tasks, lengthsMs, cutAfterMs) => {
          const { cluster, join, judge } = stage(tasks, (index) => lengthsMs[index % 5] ?? 0);
          const link = cuttable();
          const leaving = join(link.joining);
          join();
          join();
          await cluster.clock.advance(SETTLED_MS + cutAfterMs);
          link.state.isCut = true;
          await cluster.clock.advance(4_000);
          void leaving.scheduler.stop();
          const fromMs = cluster.clock.wallMs();
          await cluster.clock.advance(4_000);
          const { missed, twice } = judge(fromMs, cluster.clock.wallMs() - 1_000);
          expect(twice).toEqual([]);
          expect(missed).toEqual([]);
          for (const { events } of cluster.members)
            for (const task of new Set(reportsOf(events).map((report) => report.task)))
              expect(
                doubled(reportsOf(events).flatMap((report) => (report.task === task ? [report.tick] : []))),
              ).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('wait for no run that ends between the bids of their slot and their own', async () => {
    const cluster = new MemoryCluster();
    const at = (offsetMs: number): Schedule => ({
      description: `${offsetMs} ms past the second`,
      nextAfter: (ms) => Math.floor((ms - offsetMs) / SECOND_MS + 1) * SECOND_MS + offsetMs,
    });
    const late: number[] = [];
    // The slot is bid for 65 ms before this one, while the run before it goes on for another 15 ms.
    const long = taskOf(
      async ({ tick }) => {
        late.push(cluster.clock.wallMs() - tick);
        await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 950);
      },
      { name: 'long', schedule: at(35) },
    );
    cluster.join([taskOf(() => undefined, { name: 'first', schedule: at(0) }), long]);
    await cluster.clock.advance(SETTLED_MS);
    late.length = 0;
    await cluster.clock.advance(OBSERVED_MS);
    expect(late.length).toBeGreaterThanOrEqual(OBSERVED_MS / SECOND_MS - 1);
    for (const ms of late) expect(ms).toBeLessThan(1);
  });

  it('are no later than alone where bids take long, and leave no instance that thinks it is behind', async () => {
    const cluster = new MemoryCluster({ options: { bidLeadMs: 60, bidStaggerMs: 80 } });
    const late: number[] = [];
    const at = (offsetMs: number): Schedule => ({
      description: `${offsetMs} ms past the second`,
      nextAfter: (ms) => Math.floor((ms - offsetMs) / SECOND_MS + 1) * SECOND_MS + offsetMs,
    });
    const tasks = [0, 15, 40].map((offsetMs) =>
      taskOf(({ tick }) => void late.push(cluster.clock.wallMs() - tick), {
        name: `at ${offsetMs}`,
        schedule: at(offsetMs),
      }),
    );
    const slow: JoinOptions = {
      wrapLocks: (locks) =>
        between(locks, {
          before: { tryAcquire: () => cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 55) },
        }),
    };
    const members = [cluster.join(tasks, slow), cluster.join(tasks, slow), cluster.join(tasks, slow)];
    await cluster.clock.advance(SETTLED_MS);
    late.length = 0;
    const fromMs = cluster.clock.wallMs();
    await cluster.clock.advance(OBSERVED_MS);
    expect(late.length).toBeGreaterThanOrEqual((OBSERVED_MS / SECOND_MS - 1) * tasks.length);
    for (const ms of late) expect(ms).toBeLessThan(1);
    const reports = members.flatMap(({ events }) => reportsOf(events)).filter(({ tick }) => tick > fromMs);
    expect(reports.filter(({ outcome }) => outcome === 'misfire')).toEqual([]);
  });

  it('are taken over in time where an instance has died, also with the shortest limit of lateness', async () => {
    const cluster = new MemoryCluster();
    const every750 = (offsetMs: number): Schedule => ({
      description: `every 750 ms, ${offsetMs} ms later`,
      nextAfter: (ms) => (Math.floor((ms - offsetMs) / 750) + 1) * 750 + offsetMs,
    });
    const offsets = [0, 40];
    const ran: number[] = [];
    const tasks = offsets.map((offsetMs) =>
      taskOf(({ tick }) => void ran.push(tick), { name: `t${offsetMs}`, schedule: every750(offsetMs) }),
    );
    const link = cuttable();
    cluster.join(tasks, link.joining);
    cluster.join(tasks);
    await cluster.clock.advance(SETTLED_MS);
    link.state.isCut = true;
    const fromMs = cluster.clock.wallMs() + SECOND_MS;
    await cluster.clock.advance(OBSERVED_MS);
    const last = cluster.clock.wallMs() - 750;
    const due = offsets.flatMap((offsetMs) => {
      const first = every750(offsetMs).nextAfter(fromMs) ?? 0;
      return Array.from({ length: Math.floor((last - first) / 750) }, (_, index) => first + index * 750);
    });
    expect(due.length).toBeGreaterThan(15);
    expect(due.filter((tick) => !ran.includes(tick))).toEqual([]);
  });
});
