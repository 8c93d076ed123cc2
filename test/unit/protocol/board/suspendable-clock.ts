/** The clock of a machine that can be suspended: its monotonic clock stands still meanwhile, and its wall clock does not. */

import type { Clock } from '#src/protocol/contract/ports.js';
import type { ManualClock } from '#src/testing/manual-clock.js';

export class SuspendableClock implements Clock {
  private stoodMs = 0;
  private suspendedAtMs: number | undefined;
  private waiting: (() => void)[] = [];

  constructor(private readonly base: ManualClock) {}

  monotonicMs(): number {
    return (this.suspendedAtMs ?? this.base.monotonicMs()) - this.stoodMs;
  }

  wallMs(): number {
    return this.base.wallMs();
  }

  async sleepUntil(monotonicMs: number, signal?: AbortSignal): Promise<void> {
    await this.base.sleepUntil(monotonicMs + this.stoodMs, signal);
    await this.awake();
  }

  wakeExactlyAt(monotonicMs: number): Promise<void> {
    return this.sleepUntil(monotonicMs);
  }

  suspend(): void {
    this.suspendedAtMs ??= this.base.monotonicMs();
  }

  /** Whoever waits goes on one after the other, as callbacks of an event loop do. */
  async resume(): Promise<void> {
    if (this.suspendedAtMs === undefined) return;
    this.stoodMs += this.base.monotonicMs() - this.suspendedAtMs;
    this.suspendedAtMs = undefined;
    for (const go of this.waiting.splice(0)) {
      go();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves at once, or when it is resumed. */
  awake(): Promise<void> {
    if (this.suspendedAtMs === undefined) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
