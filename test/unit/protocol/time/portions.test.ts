import { describe, expect, it } from 'vitest';
import type { Clock } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { Portions } from '#src/protocol/time/portions.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { reportsOf, taskOf } from '../../../support/tasks.js';

/** A loop whose turns the test gives, and pieces that take their time. */
function setUp() {
  let nowMs = 1_000;
  const turns: (() => void)[] = [];
  const portions = new Portions({
    monotonicMs: () => nowMs,
    turn: () => new Promise<void>((resolve) => turns.push(resolve)),
  });
  let gone = 0;
  const work = async (pieceMs: number): Promise<void> => {
    await portions.enter();
    gone += 1;
    nowMs += pieceMs;
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const turn = async (): Promise<void> => {
    for (const go of turns.splice(0)) go();
    await settle();
  };
  return {
    work,
    turn,
    settle,
    rest: (ms: number) => {
      nowMs += ms;
    },
    gone: () => gone,
  };
}

describe('portions', () => {
  it('let few pieces go on at once, however often they come', async () => {
    const { work, turn, settle, gone, rest } = setUp();
    for (let round = 1; round <= 20; round += 1) {
      for (let piece = 0; piece < 10; piece += 1) void work(0.1);
      await settle();
      expect(gone()).toBe(round * 10);
      rest(50);
      await turn();
    }
  });

  it('cut what comes at once, each to some 5 ms, in the order in which it came', async () => {
    const { work, turn, settle, gone } = setUp();
    for (let piece = 0; piece < 1_000; piece += 1) void work(0.5);
    await settle();
    expect(gone()).toBe(32);
    const sizes: number[] = [];
    for (let before = gone(); before < 1_000; before = gone()) {
      await turn();
      sizes.push(gone() - before);
    }
    // 16 ms for the first: half as many, then half of that, and a little more.
    expect(sizes.slice(0, 2)).toEqual([16, 10]);
    for (const size of sizes.slice(1)) expect(size).toBeLessThanOrEqual(10);
  });

  it('take as long as what else keeps the loop busy, or pieces would wait for seconds', async () => {
    const { work, turn, settle, gone, rest } = setUp();
    for (let piece = 0; piece < 1_000; piece += 1) void work(0.5);
    await settle();
    let turns = 0;
    for (; gone() < 1_000; turns += 1) {
      rest(20);
      await turn();
    }
    // 30 pieces of half a millisecond, 15 ms, for each 20 ms.
    expect(turns).toBeLessThan(40);
  });

  it('grow where pieces take little', async () => {
    const { work, turn, settle, gone } = setUp();
    for (let piece = 0; piece < 10_000; piece += 1) void work(0.001);
    await settle();
    let turns = 0;
    for (; gone() < 10_000; turns += 1) await turn();
    expect(turns).toBeLessThan(20);
  });
});

/** Each turn of the loop takes so many ms. */
const withTurns =
  (turnMs: number) =>
  (clock: Clock): Clock => ({
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    sleepUntil: (...asked) => clock.sleepUntil(...asked),
    wakeExactlyAt: (atMs) => clock.wakeExactlyAt(atMs),
    turn: () => clock.sleepUntil(clock.monotonicMs() + turnMs),
  });

it('runs that are given up are told before their handlers end late, however many are', async () => {
  const cluster = new MemoryCluster();
  const { clock } = cluster;
  const tasks = Array.from({ length: 100 }, (_, index) =>
    taskOf(() => clock.sleepUntil(clock.monotonicMs() + 501), {
      name: `task ${index}`,
      policies: { ...DEFAULT_POLICIES, giveUpAfterMs: 500 },
    }),
  );
  const { events } = cluster.join(tasks, { wrapClock: withTurns(3) });
  await clock.advance(4_000);
  const told = new Set<string>();
  let late = 0;
  for (const event of events)
    if (event.type === 'tick' && event.report.outcome === 'given_up') told.add(event.report.task);
    else if (event.type === 'late_end') {
      late += 1;
      expect(told).toContain(event.task);
    }
  expect(late).toBeGreaterThanOrEqual(100);
});

it('runs that end at one moment are all told as they ended, whenever their portion comes', async () => {
  const cluster = new MemoryCluster();
  const tasks = Array.from({ length: 200 }, (_, index) =>
    taskOf(
      () => {
        if (index % 10 === 0) throw new Error('no money');
      },
      { name: `task ${index}` },
    ),
  );
  const { events } = cluster.join(tasks, {
    wrapClock: withTurns(1),
  });
  await cluster.clock.advance(10_500);
  const told = reportsOf(events);
  const last = Math.max(...told.map(({ tick }) => tick));
  const ofLast = told.filter(({ tick }) => tick === last);
  expect(ofLast).toHaveLength(200);
  expect(ofLast.filter(({ outcome }) => outcome === 'failed')).toHaveLength(20);
  for (const { durationMs = Number.NaN } of ofLast) expect(durationMs).toBeLessThan(1);
});
