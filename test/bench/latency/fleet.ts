/** Several processes of one contestant, started, looked at and ended. */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from './contestant.js';
import type { Seen } from './instance.js';
import { type Judged, judge } from './judge.js';
import type { StoreCounters } from './store-counters.js';

/** New nodes grant nothing for three seconds, and a membership has to settle. */
const WARM_UP_MS = 5_000;
const BUSY_LOOP = 'for (;;);';
/** Until each of them turns. */
const BUSY_UP_MS = 3_000;
const READY_WITHIN_MS = 120_000;
const SECOND_MS = 1_000;
const SCRIPT = join(import.meta.dirname, 'instance.ts');

export interface FleetResult extends Judged {
  /** To all masters together, per second. */
  readonly messages: number;
  readonly kilobytes: number;
}

export interface FleetTrial {
  readonly seconds: number;
  /** Processes that want a core each while it is measured, and do nothing with it. */
  readonly busyLoops: number;
  /** What the stores have counted so far. */
  readonly read: () => Promise<StoreCounters>;
}

export async function runFleet(
  entry: Omit<Entry, 'index'>,
  { seconds, busyLoops, read }: FleetTrial,
): Promise<FleetResult> {
  const children = Array.from({ length: entry.instances }, (_, index) =>
    fork(SCRIPT, {
      env: { ...process.env, BENCH_ENTRY: JSON.stringify({ ...entry, index }) },
      serialization: 'advanced',
    }),
  );
  const loops: ChildProcess[] = [];
  try {
    await Promise.all(children.map(ready));
    await sleep(WARM_UP_MS);
    for (let index = 0; index < busyLoops; index += 1)
      loops.push(spawn(process.execPath, ['-e', BUSY_LOOP], { stdio: 'ignore' }));
    if (busyLoops > 0) await sleep(BUSY_UP_MS);
    const nowMs = entry.epochOffsetMs + Number(process.hrtime.bigint()) / 1e6;
    const fromMs = Math.ceil(nowMs / SECOND_MS + 0.2) * SECOND_MS;
    const before = await read();
    for (const child of children) child.send('measure');
    await sleep(fromMs + seconds * SECOND_MS - nowMs - SECOND_MS / 20);
    for (const loop of loops) loop.kill('SIGKILL');
    const fleet = await Promise.all(children.map(tell));
    const after = await read();
    const perSecond = (one: keyof StoreCounters): number => (after[one] - before[one]) / seconds;
    return {
      ...judge(fleet, entry.tasks, fromMs, seconds),
      messages: perSecond('messages'),
      kilobytes: perSecond('bytes') / 1_000,
    };
  } finally {
    for (const child of [...children, ...loops]) child.kill('SIGKILL');
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  }
}

async function ready(child: ChildProcess): Promise<void> {
  const [word] = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN_MS) }),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a process of the fleet ended before it was ready, with ${code}`);
    }),
  ]);
  if (word !== 'ready')
    throw new Error(`a process of the fleet said ${JSON.stringify(word)} instead of ready`);
}

async function tell(child: ChildProcess): Promise<Seen> {
  const answer = once(child, 'message');
  child.send('tell');
  const [{ seen }] = (await answer) as [{ seen: Seen }];
  return seen;
}
