/** One process of a fleet. It says when it is ready, counts while it is told to, and says what it has seen. */

import { type Entry, requireContestant } from './contestant.js';

/** What a process has seen between `measure` and `tell`. */
export interface Seen {
  /** Tasks that ran, in order, and when, epoch ms. */
  readonly tasks: readonly number[];
  readonly atMs: readonly number[];
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssBytes: number;
}

const entry = JSON.parse(process.env.BENCH_ENTRY ?? 'null') as Entry;
const tasks: number[] = [];
const atMs: number[] = [];
let startedAtMs = 0;
let cpuAtStart = process.cpuUsage();

function nowMs(): number {
  return entry.epochOffsetMs + Number(process.hrtime.bigint()) / 1e6;
}

process.on('message', (word) => {
  if (word === 'measure') {
    tasks.length = 0;
    atMs.length = 0;
    startedAtMs = nowMs();
    cpuAtStart = process.cpuUsage();
    return;
  }
  const { user, system } = process.cpuUsage(cpuAtStart);
  const seen: Seen = {
    ...{ tasks, atMs },
    cpuMs: (user + system) / 1_000,
    wallMs: nowMs() - startedAtMs,
    rssBytes: process.memoryUsage.rss(),
  };
  process.send?.({ seen });
});

const contestant = await requireContestant(entry.contestant).load();
await contestant.start(entry, (task) => {
  atMs.push(nowMs());
  tasks.push(task);
});
process.send?.('ready');
