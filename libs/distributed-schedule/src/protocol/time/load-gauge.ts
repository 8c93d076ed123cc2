/** How far this instance is behind its own plan. What wakes late has too little processor, and each message would make it later. */

import type { Clock } from '../contract/ports.js';

/** A delay counts for one to two of these: service is normal again as soon after the load has ended. */
const SPAN_MS = 1_000;

interface Span {
  readonly number: number;
  readonly delayMs: number;
}

export class LoadGauge {
  private newest: Span = { number: 0, delayMs: 0 };
  private before: Span = { number: 0, delayMs: 0 };

  /** @param tolerableMs what has always to be expected of a process that shares its machine */
  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly tolerableMs: number,
  ) {}

  /** Something that was to be done `delayMs` ago begins now. */
  note(delayMs: number): void {
    const number = this.span();
    if (number !== this.newest.number) {
      this.before = this.newest;
      this.newest = { number, delayMs };
    } else if (delayMs > this.newest.delayMs) {
      this.newest = { number, delayMs };
    }
  }

  /** The longest delay lately, ms. */
  get delayMs(): number {
    const number = this.span();
    const lately = [this.newest, this.before].filter((span) => number - span.number <= 1);
    return Math.max(0, ...lately.map(({ delayMs }) => delayMs));
  }

  /** Whether work that others can do as well is better left to them. */
  get isBehind(): boolean {
    return this.delayMs > this.tolerableMs;
  }

  private span(): number {
    return Math.floor(this.clock.monotonicMs() / SPAN_MS);
  }
}
