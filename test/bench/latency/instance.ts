/** One process of a fleet. It says when it is ready and when it has run first, counts while it is told to, and says what it has seen. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Entry } from './contestant.js';
import { requireContestant } from './contestants.js';
import type { Said, Seen } from './instance-messages.js';

const entry = JSON.parse(process.env.BENCH_ENTRY ?? 'null') as Entry;
const tasks: number[] = [];
const atMs: number[] = [];
const ticks: (number | undefined)[] = [];
let startedAtMs = 0;
let hasRun = false;
let cpuAtStart = process.cpuUsage();
let bootMs = 0;
const LOOP_RESOLUTION_MS = 10;
const loopDelay =
  entry.watchesLoop === true ? monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS }) : undefined;
loopDelay?.enable();

function nowMs(): number {
  return entry.epochOffsetMs + Number(process.hrtime.bigint()) / 1e6;
}

function say(word: Said): void {
  process.send?.(word);
}

process.on('message', (word) => {
  if (word === 'measure') {
    tasks.length = 0;
    atMs.length = 0;
    ticks.length = 0;
    startedAtMs = nowMs();
    cpuAtStart = process.cpuUsage();
    loopDelay?.reset();
    return;
  }
  const { user, system } = process.cpuUsage(cpuAtStart);
  const seen: Seen = {
    ...{ tasks, atMs, ticks },
    cpuMs: (user + system) / 1_000,
    wallMs: nowMs() - startedAtMs,
    rssBytes: process.memoryUsage.rss(),
    bootMs,
    loopDelayMs:
      loopDelay === undefined ? 0 : Math.max(0, loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS),
  };
  say({ seen });
});

process.once('SIGTERM', () => process.exit());
// Its timers would keep it alive without a parent.
process.once('disconnect', () => process.exit());

const contestant = await requireContestant(entry.contestant).load();
const beganMs = performance.now();
await contestant.start(entry, (task, tick) => {
  atMs.push(nowMs());
  tasks.push(task);
  ticks.push(tick);
  if (hasRun) return;
  hasRun = true;
  say('ran');
});
bootMs = performance.now() - beganMs;
say('ready');
