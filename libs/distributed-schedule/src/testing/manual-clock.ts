import type { Clock } from '../protocol/contract/ports.js';
import type { StopSignal } from '../protocol/contract/stop.js';
import { realMs, realSleep, realTurn } from '../system/real-time.js';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Rounds of the event loop that pending promises are given between two wake-ups. */
const SETTLE_ROUNDS = 3;

/** Sleepers on a skewed clock round up by this: what is due at the end of an advance is part of it. */
const HAIR_MS = 0.01;

/** How often a clock that goes by itself looks who is to wake. */
const LOOK_PERIOD_MS = 1;

/**
 * A clock that stands still until a test moves it. Sleepers wake one after the other, in the order of their
 * instants, and whatever they start has run before the next one wakes: the same test has the same history.
 *
 * Fake timers of a test runner do not reach it: it uses none of the globals that they replace.
 */
export class ManualClock implements Clock {
  private nowMs = 0;
  /** Where the last advance was to end. Time may stand a hair after it. */
  private aimMs = 0;
  private readonly sleepers = new Set<Sleeper>();
  /** Since when it goes by itself, in real time. */
  private goesSince: { readonly realMs: number; readonly nowMs: number } | undefined;
  private isLooking = false;

  /**
   * @param epochMs what the wall clock shows at the start; epoch ms
   * @param settled awaited between two wake-ups, beside pending promises; default: nothing
   */
  constructor(
    private epochMs = Date.UTC(2030, 0, 1),
    private readonly settled: () => Promise<void> = async () => undefined,
  ) {}

  monotonicMs(): number {
    if (this.goesSince !== undefined) this.nowMs = this.goesSince.nowMs + realMs() - this.goesSince.realMs;
    return this.nowMs;
  }

  wallMs(): number {
    return this.epochMs + this.monotonicMs();
  }

  /** The same clock with another wall clock, off by `offsetMs`, which may change at any time. */
  skewed(skew: { offsetMs: number }): Clock {
    return {
      monotonicMs: () => this.monotonicMs(),
      wallMs: () => this.wallMs() + skew.offsetMs,
      sleepUntil: (untilMs, signal) => this.sleepUntil(untilMs, signal),
      wakeExactlyAt: (untilMs) => this.sleepUntil(untilMs),
    };
  }

  sleepUntil(untilMs: number, signal?: StopSignal): Promise<void> {
    if (untilMs <= this.monotonicMs() || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { untilMs, wake };
      this.sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
      if (this.goesSince !== undefined) void this.wakeInRealTime();
    });
  }

  wakeExactlyAt(untilMs: number): Promise<void> {
    return this.sleepUntil(untilMs);
  }

  /** Moves time on by `durationMs` and wakes each sleeper on the way, those at its end included. */
  async advance(durationMs: number): Promise<void> {
    // Or the hairs of many advances would add up.
    const startMs = this.nowMs - this.aimMs < HAIR_MS ? this.aimMs : this.nowMs;
    const endMs = startMs + durationMs;
    await this.settle();
    while (await this.wakeNext(endMs + HAIR_MS));
    this.aimMs = endMs;
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  /** Moves time on to the next instant at which anybody wakes. False where nobody sleeps, or not until `latestMs`, monotonic. */
  async advanceToNext(latestMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    await this.settle();
    return this.wakeNext(latestMs);
  }

  /** Moves time on in one step: nobody wakes on the way, as in a process that was stopped. Then call `advance`. */
  jump(durationMs: number): void {
    this.nowMs += durationMs;
  }

  /** Moves time on to an instant of the wall clock, epoch ms. */
  async advanceTo(wallMs: number): Promise<void> {
    await this.advance(Math.max(0, wallMs - this.wallMs()));
  }

  /**
   * From now on the clock runs in real time, for the end of a test, when a shutdown waits for runs. It cannot be stopped again.
   */
  goOn(): void {
    this.goesSince ??= { realMs: realMs(), nowMs: this.nowMs };
    void this.wakeInRealTime();
  }

  private async wakeNext(latestMs: number): Promise<boolean> {
    const next = this.nextSleeper(latestMs);
    if (next === undefined) return false;
    this.nowMs = Math.max(this.nowMs, next.untilMs);
    next.wake();
    await this.settle();
    return true;
  }

  private async settle(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) await realTurn();
    await this.settled();
  }

  private async wakeInRealTime(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    while (this.sleepers.size > 0) {
      const next = this.nextSleeper(this.monotonicMs());
      if (next === undefined) await realSleep(LOOK_PERIOD_MS);
      else next.wake();
    }
    this.isLooking = false;
  }

  private nextSleeper(endMs: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.sleepers) {
      if (sleeper.untilMs <= endMs && (next === undefined || sleeper.untilMs < next.untilMs)) next = sleeper;
    }
    return next;
  }
}
