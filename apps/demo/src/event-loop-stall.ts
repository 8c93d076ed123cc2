import { realNowMs } from './clock-offset.js';

const SECOND_MS = 1_000;

/**
 * Blocks the event loop for `stallMs` around every second boundary: the fault of a process that is busy, or
 * collects garbage, at the very moment at which it should bid. Nothing of it when `stallMs` is 0.
 */
export function stallOverEachSecond(stallMs: number): void {
  if (stallMs <= 0) return;
  const nowMs = realNowMs();
  const startMs = nextBoundaryMs(nowMs + stallMs) - stallMs / 2;
  setTimeout(() => {
    blockEventLoop(stallMs);
    stallOverEachSecond(stallMs);
  }, startMs - nowMs).unref();
}

function nextBoundaryMs(afterMs: number): number {
  return Math.ceil(afterMs / SECOND_MS) * SECOND_MS;
}

/** Nothing of this process runs for so long, as in a long computation or garbage collection. */
export function blockEventLoop(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
