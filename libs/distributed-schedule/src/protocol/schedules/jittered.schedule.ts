import { hash32 } from '../contract/hash.js';
import type { Schedule } from '../contract/tick-context.js';

const HASHES = 2 ** 32;
/** Below half of the way to the next instant: two ticks never change their order, and a late start keeps its room. */
const SHARE_OF_THE_GAP = 0.5;
/** Where the search for the instant before begins. */
const FIRST_SEARCH_MS = 1_000;

/**
 * Moves each instant T to T + j, a hash of (task, T) below `jitterMs` and half the way to the next one. That *is* the tick.
 * Nothing random, nothing remembered: all instances agree, also after a restart.
 */
export class JitteredSchedule implements Schedule {
  readonly description: string;

  /** @param jitterMs a whole number from 1 */
  constructor(
    private readonly task: string,
    readonly base: Schedule,
    private readonly jitterMs: number,
  ) {
    this.description = `${base.description}, spread over ${jitterMs} ms`;
  }

  get ordinary(): Schedule {
    const { ordinary } = this.base;
    return ordinary === undefined ? this : new JitteredSchedule(this.task, ordinary, this.jitterMs);
  }

  get shortestGapMs(): number | undefined {
    const { shortestGapMs } = this.base;
    return shortestGapMs === undefined ? undefined : this.leastGapMs(shortestGapMs);
  }

  nextAfter(atMs: number): number | undefined {
    // The last instant that is not after atMs may have moved beyond it; those before it cannot have.
    let instant = this.lastUntil(atMs) ?? this.base.nextAfter(atMs);
    while (instant !== undefined) {
      const successor = this.base.nextAfter(instant);
      const moved = instant + this.jitterOf(instant, successor);
      if (moved > atMs) return moved;
      instant = successor;
    }
    return undefined;
  }

  /** What is left of a gap when the tick before it moves as far as it can, and the one after it not at all. */
  leastGapMs(gapMs: number): number {
    return gapMs - this.mostJitterMs(gapMs) + 1;
  }

  /** The last instant of the base in (atMs - jitterMs, atMs]. One before that does not reach atMs. */
  private lastUntil(atMs: number): number | undefined {
    let searchBackMs = Math.min(FIRST_SEARCH_MS, this.jitterMs);
    for (;;) {
      let last: number | undefined;
      let next = this.base.nextAfter(atMs - searchBackMs);
      while (next !== undefined && next <= atMs) {
        last = next;
        next = this.base.nextAfter(next);
      }
      if (last !== undefined || searchBackMs >= this.jitterMs) return last;
      searchBackMs = Math.min(2 * searchBackMs, this.jitterMs);
    }
  }

  private jitterOf(instant: number, successor: number | undefined): number {
    const mostMs = successor === undefined ? this.jitterMs : this.mostJitterMs(successor - instant);
    return Math.floor((hash32(`${this.task.length}:${this.task}${instant}`) / HASHES) * mostMs);
  }

  private mostJitterMs(gapMs: number): number {
    return Math.max(1, Math.min(this.jitterMs, Math.floor(gapMs * SHARE_OF_THE_GAP)));
  }
}
