/** A machine with one instance on it: it may pause, block, drift, have a wrong wall clock, and die. */

import type { Clock } from '../../../libs/distributed-schedule/src/protocol/ports.js';
import type { VirtualTime } from './virtual-time.js';

export interface MachineOptions {
  /** Rate of the monotonic clock against true time, near 1. */
  readonly rate: number;
  /** Wall clock minus true time, ms. */
  readonly wallOffsetMs: number;
}

export class Machine implements Clock {
  isDead = false;
  isPaused = false;
  wallOffsetMs: number;
  private readonly bornMs: number;
  private resumedMs = 0;
  /** How soon a run on this machine must learn that its trust has ended, ms. */
  noticesTrustEndWithinMs = 5;
  private readonly deferred: (() => void)[] = [];

  constructor(
    private readonly time: VirtualTime,
    private readonly options: MachineOptions,
  ) {
    this.bornMs = time.nowMs;
    this.wallOffsetMs = options.wallOffsetMs;
  }

  monotonicMs(): number {
    return (this.time.nowMs - this.bornMs) * this.options.rate;
  }

  wallMs(): number {
    return EPOCH_MS + this.time.nowMs + this.wallOffsetMs;
  }

  sleepUntil(monotonicMs: number, signal?: AbortSignal): Promise<void> {
    const waitMs = (monotonicMs - this.monotonicMs()) / this.options.rate;
    if (waitMs <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      // Never shorter than what a number of this size can express, or time would stand still.
      const cancel = this.time.schedule(Math.max(waitMs, 0.001), () => this.run(finish));
      signal?.addEventListener('abort', finish, { once: true });
    });
  }

  wakeExactlyAt(monotonicMs: number): Promise<void> {
    return this.sleepUntil(monotonicMs);
  }

  /** A step of the wall clock, by a person or after a suspension. */
  stepWallClock(byMs: number): void {
    this.wallOffsetMs += byMs;
    this.noticesTrustEndWithinMs = LOOK_PERIOD_MS;
  }

  /** Whether the process has been running for so long without a break. */
  hasRunFor(durationMs: number): boolean {
    return !this.isPaused && this.time.nowMs - this.resumedMs >= durationMs;
  }

  /** Runs something on this machine: now, when it wakes, or never. */
  run(work: () => void): void {
    if (this.isDead) return;
    if (this.isPaused) this.deferred.push(work);
    else work();
  }

  /** Stops the process, as SIGSTOP, a long garbage collection or a blocked event loop do. */
  pause(durationMs: number): void {
    if (this.isPaused || this.isDead) return;
    this.isPaused = true;
    this.time.schedule(durationMs, () => this.resume());
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.resumedMs = this.time.nowMs;
    // One by one, so that what each of them starts has run before the next.
    for (const work of this.deferred.splice(0)) this.time.schedule(0, () => this.run(work));
  }

  die(): void {
    this.isDead = true;
    this.deferred.length = 0;
  }
}

/** Trust that a step of the wall clock ends is noticed at the next look at the lease, a twelfth of its time to live. */
const LOOK_PERIOD_MS = 3_000 / 12 + 20;

/** True time 0 of every simulated world. */
export const EPOCH_MS = Date.UTC(2030, 0, 1);
