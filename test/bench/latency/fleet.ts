/** Several processes of one contestant, started, looked at and ended. */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killAtExit } from '../../support/leftovers.js';
import type { Entry } from './contestant.js';
import { askWhatWasSeen, untilOneRan, untilReady } from './instance-messages.js';
import { type Judged, judge } from './judge.js';
import { type StoreCounters, type Traffic, trafficOf } from './store-counters.js';

/** From the first start of a task: the other processes join, and code gets warm. */
const WARM_UP_MS = 2_000;
/** New nodes of ours grant nothing for three seconds. A fleet that runs nothing at all is measured as such. */
const FIRST_START_WITHIN_MS = 10_000;
const BUSY_LOOP = 'for (;;);';
/** Until each of them turns. */
const BUSY_UP_MS = 3_000;
const SECOND_MS = 1_000;
const SCRIPT = fileURLToPath(new URL('./instance.ts', import.meta.url));

export interface FleetResult extends Judged, Traffic {}

export interface FleetTrial {
  readonly seconds: number;
  /** Processes that want a core each while it is measured, and do nothing with it. */
  readonly busyLoops: number;
  /** A folder for the CPU profile of one of the processes. */
  readonly cpuProfile?: string | undefined;
  /** How long after the last second its ticks may still start. */
  readonly graceMs: number;
  /** What the stores have counted so far. */
  readonly read: () => Promise<StoreCounters | undefined>;
}

export async function runFleet(
  entry: Omit<Entry, 'index'>,
  { seconds, busyLoops, graceMs, read, cpuProfile }: FleetTrial,
): Promise<FleetResult> {
  const children = Array.from({ length: entry.instances }, (_, index) =>
    fork(SCRIPT, {
      ...(cpuProfile !== undefined &&
        index === 0 && { execArgv: [...process.execArgv, ...profiling(cpuProfile)] }),
      // What peers' packages are warned of belongs to no figure.
      env: { ...process.env, NODE_NO_WARNINGS: '1', BENCH_ENTRY: JSON.stringify({ ...entry, index }) },
      serialization: 'advanced',
      // Tables go to stdout.
      stdio: ['ignore', process.stderr, 'inherit', 'ipc'],
    }),
  );
  const loops: ChildProcess[] = [];
  try {
    const started = untilOneRan(children);
    await Promise.all(children.map(untilReady));
    await Promise.race([started, sleep(FIRST_START_WITHIN_MS, undefined, { ref: false })]);
    await sleep(WARM_UP_MS);
    for (let index = 0; index < busyLoops; index += 1) loops.push(startBusyLoop());
    if (busyLoops > 0) await sleep(BUSY_UP_MS);
    const nowMs = entry.epochOffsetMs + Number(process.hrtime.bigint()) / 1e6;
    const fromMs = Math.ceil(nowMs / SECOND_MS + 0.2) * SECOND_MS;
    const before = await read();
    for (const child of children) child.send('measure');
    await sleep(fromMs + seconds * SECOND_MS - nowMs - SECOND_MS / 20 + graceMs);
    for (const loop of loops) loop.kill('SIGKILL');
    const fleet = await Promise.all(children.map(askWhatWasSeen));
    const after = await read();
    return { ...judge(fleet, entry.tasks, fromMs, seconds), ...trafficOf(before, after) };
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
    // What is killed writes no profile.
    for (const [index, child] of children.entries())
      child.kill(cpuProfile !== undefined && index === 0 ? 'SIGTERM' : 'SIGKILL');
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  }
}

function profiling(folder: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval', '200'];
}

function startBusyLoop(): ChildProcess {
  const loop = spawn(process.execPath, ['-e', BUSY_LOOP], { stdio: 'ignore' });
  killAtExit(loop);
  return loop;
}
