/** A machine with one instance on it: it may pause, block, be suspended, drift, have a wrong wall clock, and die. */

import type { Clock } from '#src/protocol/contract/ports.js';
import type { VirtualTime } from './virtual-time.js';

export interface MachineOptions {
  /** Rate of the monotonic clock against true time, near 1. */
  readonly rate: number;
  /** Wall clock minus true time, ms. */
  readonly wallOffsetMs: number;
}

/** True time 0 of every simulated world. */
export const EPOCH_MS = Date.UTC(2030, 0, 1);

/** Trust that only the wall clock ends is noticed at the next look at the lease, a twelfth of its time to live. */
const LOOK_PERIOD_MS = 3_000 / 12 + 20;
/** Trust that the monotonic clock ends has a timer. */
const TIMER_MS = 5;

/** A suspension that the wall clock hides cannot be told from no time at all; nobody promises anything then. */
const WALL_FORGOTTEN_MS = 10_000;

/** So many looks at the clock in one instant are an endless loop. */
const MAX_READINGS = 200_000;

export class Machine implements Clock {
  isDead = false;
  isPaused = false;
  wallOffsetMs: number;
  /** When the wall clock was last touched or the machine suspended, true time. */
  wallSteppedMs = Number.NEGATIVE_INFINITY;
  /** How often the whole machine was stopped. */
  suspensions = 0;
  /** By server. */
  private readonly unawareUntilMs = new Map<number, number>();
  private readonly bornMs: number;
  private resumedMs: number;
  private steppedBackMs = Number.NEGATIVE_INFINITY;
  private suspendedMs = Number.NEGATIVE_INFINITY;
  /** Time that the monotonic clock has not counted, being suspended. */
  private uncountedMs = 0;
  /** By suspension: true time at its begin, and how much of the monotonic clock's time is missing before it, ms. */
  private readonly uncountedBefore: { readonly atMs: number; readonly ms: number }[] = [];
  private readings = 0;
  private readingsAtMs = 0;
  private readonly deferred: (() => void)[] = [];

  constructor(
    private readonly time: VirtualTime,
    private readonly options: MachineOptions,
  ) {
    this.bornMs = time.nowMs;
    this.resumedMs = time.nowMs;
    this.wallOffsetMs = options.wallOffsetMs;
  }

  monotonicMs(): number {
    this.refuseEndlessLoop();
    const { nowMs } = this.time;
    const countedMs = nowMs < this.suspendedMs ? this.frozenAtMs : nowMs - this.bornMs - this.uncountedMs;
    return countedMs * this.options.rate;
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

  /** A step of the wall clock, by a person or a time daemon. */
  stepWallClock(byMs: number): void {
    const { nowMs } = this.time;
    if (byMs < 0 && nowMs - this.suspendedMs < WALL_FORGOTTEN_MS) return;
    if (byMs < 0) this.steppedBackMs = nowMs;
    this.wallOffsetMs += byMs;
    this.touchWallClock();
  }

  /** Its connection to this server has ended while it stands still. */
  cannotHear(server: number): void {
    this.unawareUntilMs.set(server, Number.POSITIVE_INFINITY);
  }

  hasHeard(server: number, graceMs: number): void {
    if (!this.isUnawareOf(server)) return;
    this.unawareUntilMs.set(server, this.time.nowMs + graceMs);
  }

  /** Whether it could not learn in time that this server may take it for dead. */
  isUnawareOf(server: number): boolean {
    return this.time.nowMs < (this.unawareUntilMs.get(server) ?? Number.NEGATIVE_INFINITY);
  }

  /** How soon a run on this machine must learn that its trust has ended, ms. */
  get noticesTrustEndWithinMs(): number {
    return this.wasTouchedLately ? LOOK_PERIOD_MS : TIMER_MS;
  }

  /** Whether its wall clock was set or it was suspended, and may not know yet how late it is. */
  get wasTouchedLately(): boolean {
    return this.time.nowMs - this.wallSteppedMs < WALL_FORGOTTEN_MS;
  }

  /** Whether the process has been running for so long without a break. */
  hasRunFor(durationMs: number): boolean {
    return !this.isDead && !this.isPaused && this.time.nowMs - this.resumedMs >= durationMs;
  }

  /** How much of the time since then, true time, the monotonic clock has not counted. */
  uncountedSince(atMs: number): number {
    const first = this.uncountedBefore.find((one) => one.atMs >= atMs);
    return first === undefined ? 0 : this.uncountedMs - first.ms;
  }

  /** Runs something on this machine: now, when it wakes, or never. */
  run(work: () => void): void {
    if (this.isDead) return;
    if (this.isPaused) this.deferred.push(work);
    else work();
  }

  /** Resolves when the process runs: at once, when it wakes, or never. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.run(resolve));
  }

  /** Stops the process, as SIGSTOP, a long garbage collection or a blocked event loop do. */
  pause(durationMs: number): void {
    if (this.isPaused || this.isDead) return;
    this.isPaused = true;
    this.time.schedule(durationMs, () => this.resume());
  }

  /** Stops the whole machine: its monotonic clock stands, its wall clock goes on. */
  suspend(durationMs: number): void {
    if (this.isPaused || this.isDead) return;
    const { nowMs } = this.time;
    if (nowMs - this.steppedBackMs >= WALL_FORGOTTEN_MS) {
      this.frozenAtMs = nowMs - this.bornMs - this.uncountedMs;
      this.uncountedBefore.push({ atMs: nowMs, ms: this.uncountedMs });
      this.uncountedMs += durationMs;
      this.suspendedMs = nowMs + durationMs;
      this.suspensions += 1;
      this.touchWallClock();
    }
    this.pause(durationMs);
  }

  resume(): void {
    if (!this.isPaused || this.time.nowMs < this.suspendedMs) return;
    this.isPaused = false;
    this.resumedMs = this.time.nowMs;
    // One by one, so that what each of them starts has run before the next.
    for (const work of this.deferred.splice(0)) this.time.schedule(0, () => this.run(work));
  }

  /** Ends whatever stops it, also before its time. */
  wake(): void {
    const leftMs = this.suspendedMs - this.time.nowMs;
    if (leftMs > 0) {
      this.uncountedMs -= leftMs;
      this.suspendedMs = this.time.nowMs;
    }
    this.resume();
  }

  die(): void {
    this.isDead = true;
    this.deferred.length = 0;
  }

  private frozenAtMs = 0;

  private touchWallClock(): void {
    this.wallSteppedMs = this.time.nowMs;
  }

  private refuseEndlessLoop(): void {
    if (this.readingsAtMs !== this.time.nowMs) {
      this.readingsAtMs = this.time.nowMs;
      this.readings = 0;
    }
    this.readings += 1;
    if (this.readings > MAX_READINGS) throw new Error('an endless loop: time stands still');
  }
}
