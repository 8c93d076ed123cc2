import { expect, it } from 'vitest';
import type { LockProvider } from '#src/protocol/contract/ports.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { reportsOf, taskOf } from '../../../support/tasks.js';

const INSTANCES = 8;
const TASKS = 24;
const SETTLED_MS = 8_000;
const SECOND_MS = 1_000;

/** Every instance wakes late, and every lock takes long, for as long as `isShort`: their machine has too little processor. */
function crowd() {
  const cluster = new MemoryCluster({ seed: 7 });
  const load = { isShort: false };
  const tried: string[] = [];
  const started: string[] = [];
  const tasks = Array.from(
    { length: TASKS },
    (_, index): ScheduledTask =>
      taskOf(({ task, tick }) => void started.push(`${task} ${tick}`), { name: `task${index}` }),
  );
  const sleepMs = (ms: number): Promise<void> =>
    cluster.clock.sleepUntil(cluster.clock.monotonicMs() + (load.isShort ? ms : 0));
  const members = Array.from({ length: INSTANCES }, (_, index) =>
    cluster.join(tasks, {
      wrapClock: (clock) => ({
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs(),
        sleepUntil: async (atMs, signal) => {
          await clock.sleepUntil(atMs + (load.isShort ? 60 + 2 * index : 0), signal);
        },
        wakeExactlyAt: (atMs) => clock.wakeExactlyAt(atMs),
      }),
      wrapLocks: (locks): LockProvider =>
        between(locks, {
          before: {
            tryAcquire: async (asked: readonly string[]) => {
              tried.push(...asked);
              await sleepMs(400);
            },
          },
        }),
    }),
  );
  return { cluster, load, tried, started, members };
}

it('instances that are all late leave each other room: no tick is bid for by more than two, and service is back 3 s later', async () => {
  const { cluster, load, tried, started, members } = crowd();
  await cluster.clock.advance(SETTLED_MS);
  expect(started.length).toBeGreaterThanOrEqual(TASKS * 2);

  load.isShort = true;
  // The first late second is the one by which they find out.
  await cluster.clock.advance(2 * SECOND_MS);
  tried.length = 0;
  const SHORT_S = 6;
  await cluster.clock.advance(SHORT_S * SECOND_MS);
  expect(tried.length).toBeLessThanOrEqual(2 * TASKS * (SHORT_S + 1));

  load.isShort = false;
  await cluster.clock.advance(3 * SECOND_MS);
  started.length = 0;
  await cluster.clock.advance(2 * SECOND_MS);
  expect(started.length).toBeGreaterThanOrEqual(2 * TASKS - TASKS / 4);
  expect(new Set(started).size).toBe(started.length);

  // Every tick has one report of each instance, and what was left to the others says so.
  for (const { events } of members) {
    const reports = reportsOf(events).map(({ task, tick }) => `${task} ${tick}`);
    expect(new Set(reports).size).toBe(reports.length);
  }
  const left = members
    .flatMap(({ events }) => reportsOf(events))
    .filter(({ detail }) => /left to the others/.test(detail ?? ''));
  expect(left.length).toBeGreaterThan(0);
  expect(left.every(({ outcome }) => outcome === 'misfire')).toBe(true);
});

it('what is left out while no majority answers ends as that, not as a misfire of an instance that was awake', async () => {
  const cluster = new MemoryCluster({ seed: 7 });
  const store = { isAway: false };
  const tasks = ['a', 'b', 'c', 'd'].map((name) => taskOf(() => undefined, { name }));
  const { events } = cluster.join(tasks, {
    wrapLocks: (locks): LockProvider =>
      between(locks, {
        instead: {
          tryAcquire: async (ask, asked) => {
            if (!store.isAway) return ask();
            await cluster.clock.sleepUntil(cluster.clock.monotonicMs() + 290);
            return asked.map(() => ({ kind: 'no_quorum', reason: '3 timed out of 3 nodes' }));
          },
        },
      }),
  });
  await cluster.clock.advance(SETTLED_MS);
  store.isAway = true;
  await cluster.clock.advance(4 * SECOND_MS);
  const before = events.length;
  await cluster.clock.advance(2 * SECOND_MS);
  const reports = reportsOf(events.slice(before));
  expect(reports.length).toBe(2 * tasks.length);
  expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['no_quorum']));
  expect(reports.some(({ detail }) => /^left out: .*3 timed out of 3 nodes/.test(detail ?? ''))).toBe(true);
});
