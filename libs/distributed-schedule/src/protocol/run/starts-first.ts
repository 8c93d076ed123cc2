/**
 * Where many ticks start at one moment, what follows the end of a handler waits for a few milliseconds. Its own instance has started all of
 * them by then; other instances on the same machine have as many to start, and the processor is what they wait for.
 */

import type { Clock } from '../contract/ports.js';

/** Fewer cost less than a pause: what they leave behind is done in a millisecond. */
const MANY = 8;

/** After the tick. A release leaves within 20 ms of the end of its run. */
const PAUSE_MS = 12;

export class StartsFirst {
  private tick = 0;
  private starts = 0;
  private pause: Promise<void> | undefined;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
    private readonly clusterClock: { nowMs(): number },
  ) {}

  began(tick: number): void {
    if (tick !== this.tick) {
      this.pause = undefined;
      this.tick = tick;
      this.starts = 0;
    }
    this.starts += 1;
  }

  /** To be awaited by each run of that tick that has ended. Undefined: nothing to wait for. */
  afterAll(tick: number): Promise<void> | undefined {
    if (tick !== this.tick || this.starts < MANY) return undefined;
    const leftMs = tick + PAUSE_MS - this.clusterClock.nowMs();
    // Also where the clock has stepped back: nothing waits for longer.
    if (leftMs <= 0 || leftMs > PAUSE_MS) return undefined;
    this.pause ??= this.clock.sleepUntil(this.clock.monotonicMs() + leftMs);
    return this.pause;
  }
}
