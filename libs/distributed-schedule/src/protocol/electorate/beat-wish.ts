/** When this instance wants to beat before its next second comes: somebody has seen a change that beats tell to others, or learn about. */

import type { Clock } from '../contract/ports.js';

export class BeatWish {
  /** How often a beat has been wished for. */
  count = 0;
  private atMs = Number.POSITIVE_INFINITY;
  private wanted: () => void = () => {};

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  /** Monotonic; infinite where the usual beat is soon enough. */
  get dueMs(): number {
    return this.atMs;
  }

  onWanted(listener: () => void): void {
    this.wanted = listener;
  }

  in(ms: number): void {
    this.count += 1;
    this.atMs = Math.min(this.atMs, this.clock.monotonicMs() + ms);
    this.wanted();
  }

  /** @param countThen {@link count} when the beat was sent: a wish that came while it was on its way is not fulfilled by it */
  heard(countThen: number): void {
    if (countThen === this.count) this.atMs = Number.POSITIVE_INFINITY;
  }
}
