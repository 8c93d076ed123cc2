/** One process of a soak: it runs its share, tells its runs every second, and says what it holds when it is asked. */

import { currentTick } from 'nestjs-distributed-schedule';
import type { Entry } from '../latency/contestant.js';
import { OURS } from '../latency/contestants/ours.js';

/** What a process holds after a collection. */
export interface Held {
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly sockets: number;
  readonly timers: number;
  /** Of the process, and of what warns of too many. */
  readonly listeners: number;
}

/** `[task, tick, ...]`, two numbers for each run. */
export type SoakSaid = 'ready' | { readonly held: Held } | { readonly ran: readonly number[] };

const TELL_EVERY_MS = 1_000;
/** Finalizers run between collections, and free what the next one takes. */
const COLLECTIONS = 3;

const entry = JSON.parse(process.env.BENCH_ENTRY ?? 'null') as Entry;
let ran: number[] = [];
let warnings = 0;

function say(word: SoakSaid): void {
  process.send?.(word);
}

async function held(): Promise<Held> {
  for (let turn = 0; turn < COLLECTIONS; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const resources = process.getActiveResourcesInfo();
  const count = (kind: string): number => resources.filter((one) => one === kind).length;
  const { heapUsed, rss } = process.memoryUsage();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    heapMiB: heapUsed / 2 ** 20,
    rssMiB: rss / 2 ** 20,
    sockets: count('TCPSocketWrap') + count('TCPWRAP'),
    timers: count('Timeout'),
    listeners: listeners + warnings,
  };
}

process.on('warning', () => {
  warnings += 1;
});
process.on('message', () => {
  void held().then((now) => say({ held: now }));
});
// Its timers would keep it alive without a parent.
process.once('disconnect', () => process.exit());

await OURS.start(entry, (task) => {
  ran.push(task, currentTick()?.tick ?? 0);
});
setInterval(() => {
  const told = ran;
  ran = [];
  if (told.length > 0) say({ ran: told });
}, TELL_EVERY_MS).unref();
say('ready');
