import type { Clock } from '../protocol/ports.js';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Rounds of the event loop that pending promises are given between two wake-ups. */
const SETTLE_ROUNDS = 3;

/**
 * A clock that stands still until a test moves it. Sleepers wake one after the other, in the order of their
 * instants, and whatever they start has run before the next one wakes: the same test has the same history.
 */
export class ManualClock implements Clock {
  private nowMs = 0;
  private readonly sleepers = new Set<Sleeper>();

  /** @param epochMs what the wall clock shows at the start; epoch ms */
  constructor(private epochMs = Date.UTC(2030, 0, 1)) {}

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.epochMs + this.nowMs;
  }

  /** The same clock as a machine sees it whose wall clock is off, ms. Its offset may be changed at any time. */
  skewed(skew: { offsetMs: number }): Clock {
    return {
      monotonicMs: () => this.nowMs,
      wallMs: () => this.wallMs() + skew.offsetMs,
      sleepUntil: (untilMs, signal) => this.sleepUntil(untilMs, signal),
      wakeExactlyAt: (untilMs) => this.sleepUntil(untilMs),
    };
  }

  sleepUntil(untilMs: number, signal?: AbortSignal): Promise<void> {
    if (untilMs <= this.nowMs || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { untilMs, wake };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  wakeExactlyAt(untilMs: number): Promise<void> {
    return this.sleepUntil(untilMs);
  }

  /** Moves time on by `durationMs`, waking whoever is due on the way. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs;
    await settle();
    for (let next = this.nextSleeper(endMs); next !== undefined; next = this.nextSleeper(endMs)) {
      this.nowMs = Math.max(this.nowMs, next.untilMs);
      next.wake();
      await settle();
    }
    this.nowMs = endMs;
  }

  /** Moves time on in one step: nobody wakes on the way, as in a process that was stopped. Then call `advance`. */
  jump(durationMs: number): void {
    this.nowMs += durationMs;
  }

  /** Moves time on to an instant of the wall clock, epoch ms. */
  async advanceTo(wallMs: number): Promise<void> {
    await this.advance(Math.max(0, wallMs - this.wallMs()));
  }

  private nextSleeper(endMs: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.sleepers) {
      if (sleeper.untilMs <= endMs && (next === undefined || sleeper.untilMs < next.untilMs)) next = sleeper;
    }
    return next;
  }
}

async function settle(): Promise<void> {
  for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
