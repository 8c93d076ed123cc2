/** A processor that several instances share, first come first served, on a clock in virtual time. */

import type { Clock } from '#src/protocol/contract/ports.js';

export class Processor {
  /** The part of it that is left for us by what else runs on the machine. */
  share = 1;
  /** ms of processor that were used. */
  usedMs = 0;
  private freeAtMs = 0;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
    private readonly cores: number,
  ) {}

  /** Resolves when the work has been done, behind all that was there before. */
  async work(costMs: number): Promise<void> {
    this.usedMs += costMs;
    this.freeAtMs =
      Math.max(this.freeAtMs, this.clock.monotonicMs()) + costMs / (this.cores * Math.max(this.share, 0.001));
    await this.clock.sleepUntil(this.freeAtMs);
  }
}
