/** The only place, with system-random.ts, that reads real time or randomness. */

import { setMaxListeners } from 'node:events';
import type { Clock } from '../protocol/contract/ports.js';
import type { StopSignal } from '../protocol/contract/stop.js';

/** Node's timers fire a millisecond or two late: the last stretch is slept and then walked on the event loop, to within 0.1 ms. */
const LAST_STRETCH_MS = 2;

/**
 * Of the last stretch, what is left when walking begins: a sleep of the thread may be late by the kernel's timer slack of 50 us. Walking all
 * of it took 2 ms of processor for each instant, of which an instance that shares a machine with others robs them at the worst moment.
 */
const WALKED_MS = 0.15;
/** The longest such sleep: between two of them the event loop turns, so that sockets are read. */
const MAX_NAP_MS = 0.3;

/** The longest delay that setTimeout takes; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

interface Waiting {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Nobody ever notifies it. */
const NOBODY = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * How hard an instance tries to start runs at their very instant.
 *
 * - `exact` sleeps the last 2 ms in pieces: within 0.1 ms, for some 0.6 ms of the processor per instant
 * - `timer` is content with the timers of Node: 1 to 2 ms late, for nothing
 */
export const PRECISIONS = ['exact', 'timer'] as const;
export type Precision = (typeof PRECISIONS)[number];

export class SystemClock implements Clock {
  /** Whose instant is near. One walk serves all, or hundreds of ticks of one second would each keep the loop busy. */
  private near: Waiting[] = [];

  constructor(private readonly precision: Precision = 'exact') {}

  monotonicMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  sleepUntil(monotonicMs: number, signal?: StopSignal): Promise<void> {
    // Rounded up: a timer of a fraction of a millisecond fires at once, and a caller that looks again would spin.
    const waitMs = Math.ceil(monotonicMs - performance.now());
    return waitMs > 0 ? sleepFor(Math.min(waitMs, MAX_TIMER_MS), signal) : Promise.resolve();
  }

  async wakeExactlyAt(monotonicMs: number): Promise<void> {
    if (this.precision === 'timer') return this.sleepUntil(monotonicMs);
    await this.sleepUntil(monotonicMs - LAST_STRETCH_MS);
    const leftMs = monotonicMs - performance.now();
    // A sleep that was cut at MAX_TIMER_MS must not spin for days: the caller looks again.
    if (leftMs > 0 && leftMs <= 2 * LAST_STRETCH_MS) await this.walkUntil(monotonicMs);
  }

  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  private walkUntil(untilMs: number): Promise<void> {
    return new Promise((wake) => {
      if (this.near.length === 0) setImmediate(() => this.walkOn());
      this.near.push({ untilMs, wake });
    });
  }

  private walkOn(): void {
    const nowMs = performance.now();
    const due = this.near.filter(({ untilMs }) => untilMs <= nowMs);
    if (due.length > 0) this.near = this.near.filter(({ untilMs }) => untilMs > nowMs);
    for (const { wake } of due) wake();
    if (this.near.length === 0) return;
    // Not right after a wake: handlers start in this turn.
    if (due.length === 0) napUntil(Math.min(...this.near.map(({ untilMs }) => untilMs)) - WALKED_MS);
    setImmediate(() => this.walkOn());
  }
}

/** Another clock, as that of a test, is as exact as it is. */
export function withPrecision(clock: Clock, precision: Precision): Clock {
  return clock instanceof SystemClock ? new SystemClock(precision) : clock;
}

/** Stops the thread: timers of the event loop know no fractions of a millisecond. Returns at once where that is not allowed. */
function napUntil(monotonicMs: number): void {
  const leftMs = Math.min(monotonicMs - performance.now(), MAX_NAP_MS);
  if (leftMs <= 0) return;
  try {
    Atomics.wait(NOBODY, 0, 0, leftMs);
  } catch {
    // As in the renderer of Electron. Then all of it is walked.
  }
}

function sleepFor(durationMs: number, signal: StopSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, durationMs);
    // Many sleeps may share one signal; each takes its listener away again.
    if (signal instanceof AbortSignal) setMaxListeners(0, signal);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
