/**
 * What it takes to start many ticks at one boundary: one instance that wins them all, over nodes in memory, in real time.
 *
 *     npm run bench:start                      (-- --tasks 100,400,2000 --seconds 10)
 *
 * *Apart* is the time from the first start of a second to its last one, divided by the number of ticks: what each start keeps the next one
 * waiting. CPU is that of the whole process, nodes in memory included, so compare it with itself only.
 */

import 'reflect-metadata';
import { parseArgs } from 'node:util';
import type { Clock } from '#src/protocol/contract/ports.js';
import { EverySecondSchedule } from '#src/protocol/schedules/every-second.schedule.js';
import { SystemClock } from '#src/system/system-clock.js';
import { MemoryCluster } from '#src/testing/memory-cluster.js';
import { cpuMs } from './blocks/cpu-watch.js';
import { percentile } from './latency/judge.js';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '100,400,2000' },
    seconds: { type: 'string', default: '10' },
  },
});
const SECONDS = Number(values.seconds);
const SECOND_MS = 1_000;
/** New nodes abstain at first; and compiled code. */
const WARM_UP_SECONDS = 9;

interface Started {
  readonly tick: number;
  readonly atMs: number;
  readonly latenessMs: number;
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function measure(
  tasks: number,
): Promise<{ readonly started: readonly Started[]; readonly cpu: number }> {
  const cluster = new MemoryCluster();
  cluster.clock.goOn();
  const started: Started[] = [];
  const schedule = new EverySecondSchedule();
  const handler = ({ tick }: { readonly tick: number }): void => {
    const atMs = performance.now();
    started.push({ tick, atMs, latenessMs: cluster.clock.wallMs() - tick });
  };
  const names = Array.from({ length: tasks }, (_, index) => `chore${index}`);
  const { scheduler } = cluster.join(
    names.map((name) => ({ name, schedule, handler })),
    { wrapClock: withRealTimers },
  );
  await passed(WARM_UP_SECONDS * SECOND_MS);
  started.length = 0;
  const before = cpuMs();
  await passed(SECONDS * SECOND_MS);
  const cpu = cpuMs() - before;
  await scheduler.stop();
  return { started, cpu };
}

/** The clock of the cluster, with the timers of production: its own wake one sleeper after the other. */
function withRealTimers(clock: Clock): Clock {
  const system = new SystemClock();
  const inSystemTime = (ms: number): number => ms - clock.monotonicMs() + system.monotonicMs();
  return {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    sleepUntil: (ms, signal) => system.sleepUntil(inSystemTime(ms), signal),
    wakeExactlyAt: (ms) => system.wakeExactlyAt(inSystemTime(ms)),
  };
}

/** Real time is what is measured here. */
function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Per second: from its first start to its last one, µs per tick. */
function apartUs(started: readonly Started[]): readonly number[] {
  const seconds = new Map<number, number[]>();
  for (const { tick, atMs } of started) seconds.set(tick, [...(seconds.get(tick) ?? []), atMs]);
  return [...seconds.values()].map(
    (atMs) => ((Math.max(...atMs) - Math.min(...atMs)) * 1_000) / Math.max(1, atMs.length - 1),
  );
}

function ms(value: number | undefined): string {
  return value === undefined ? '-' : value.toFixed(2);
}

function inOrder(numbers: readonly number[]): readonly number[] {
  return [...numbers].sort((one, other) => one - other);
}

print(
  '| ticks at one boundary | started | lateness p50, p99 ms | apart, median µs (least, most) | CPU µs a run |',
);
print('|---|---|---|---|---|');
for (const tasks of values.tasks.split(',').map(Number)) {
  const { started, cpu } = await measure(tasks);
  const late = inOrder(started.map(({ latenessMs }) => latenessMs));
  const apart = inOrder(apartUs(started));
  const cells = [
    ...[tasks, started.length, `${ms(percentile(late, 0.5))}, ${ms(percentile(late, 0.99))}`],
    `${ms(percentile(apart, 0.5))} (${ms(apart[0])}, ${ms(apart.at(-1))})`,
    ((cpu * 1_000) / started.length).toFixed(0),
  ];
  print(`| ${cells.join(' | ')} |`);
}
