/** A moment as a lease sees it: by whichever clock says that more time has passed. */

import type { Clock } from '../contract/ports.js';

/** One moment on both clocks. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function readInstant(clock: Clock): Instant {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/** Time between the two, by the clock that has counted more: the monotonic one stands while a machine is suspended. */
export function elapsedMs(since: Instant, now: Instant): number {
  return Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs);
}
