/**
 * Hybrid stamps: cluster time, and a counter where time is not newer, so that an answer is newer than its record.
 * A stamp too far ahead to be true moves its own key only: else one fast clock would stamp every key for an hour.
 */

import { isNewer, type Stamp } from './board-record.js';

/** A stamp further ahead of cluster time than this is from a bad clock. */
export const MAX_STAMP_AHEAD_MS = 5_000;

/** Counts of one millisecond at most; then the next one is borrowed. */
const MAX_COUNT = 65_535;

const WRITER_DIGITS = 12;

export class StampClock {
  private readonly writer: string;
  private last: Stamp;

  /** @param id hex digits of the writer's own, random */
  constructor(
    id: string,
    private readonly nowMs: () => number,
  ) {
    this.writer = id.slice(0, WRITER_DIGITS);
    this.last = { ms: 0, counter: 0, writer: this.writer };
  }

  observe(stamp: Stamp): void {
    if (!this.isBeyondBelief(stamp) && isNewer(stamp, this.last)) this.last = stamp;
  }

  /** A stamp for a key whose newest known record has the stamp `known`. */
  next(known: Stamp | undefined): Stamp {
    const newest = known !== undefined && isNewer(known, this.last) ? known : this.last;
    const stamp = this.above(newest);
    if (!this.isBeyondBelief(stamp)) this.last = stamp;
    return stamp;
  }

  isBeyondBelief(stamp: Stamp): boolean {
    return stamp.ms > this.nowMs() + MAX_STAMP_AHEAD_MS;
  }

  private above({ ms, counter }: Stamp): Stamp {
    const { writer } = this;
    const nowMs = Math.floor(this.nowMs());
    if (nowMs > ms) return { ms: nowMs, counter: 0, writer };
    return counter < MAX_COUNT ? { ms, counter: counter + 1, writer } : { ms: ms + 1, counter: 0, writer };
  }
}
