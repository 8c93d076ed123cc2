/** A moment as a lease sees it: by whichever clock says that more time has passed. */

import type { Clock } from '../contract/ports.js';

/** One moment on both clocks. */
export interface ClockReading {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function readClocks(clock: Clock): ClockReading {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/** Time between the two, by the clock that has counted more: the monotonic one stands while a machine is suspended. */
export function elapsedMs(since: ClockReading, now: ClockReading): number {
  return Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs);
}
