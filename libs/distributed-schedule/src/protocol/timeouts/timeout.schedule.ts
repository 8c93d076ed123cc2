import type { Schedule } from '../contract/tick-context.js';

/** How often a run that has not come about is tried again. */
export const RETRY_PERIOD_MS = 10_000;

/** Two instances' instants are equal, or further apart than one tick's attempts. */
const GRAIN_MS = 100;

/** Due once, then every ten seconds until it has run, so that a later instance takes it up. */
export class TimeoutSchedule implements Schedule {
  private dueMs: number;
  private lastMs = Number.POSITIVE_INFINITY;

  /** @param dueMs epoch ms of cluster time */
  constructor(
    dueMs: number,
    readonly description: string,
  ) {
    this.dueMs = roundUp(dueMs);
  }

  get firstDueMs(): number {
    return this.dueMs;
  }

  nextAfter(atMs: number): number | undefined {
    const retries = atMs < this.dueMs ? 0 : Math.floor((atMs - this.dueMs) / RETRY_PERIOD_MS) + 1;
    const next = this.dueMs + retries * RETRY_PERIOD_MS;
    return next > this.lastMs ? undefined : next;
  }

  /** Another instant counts for the first one: what was said before is no longer true. */
  moveTo(dueMs: number): void {
    this.dueMs = roundUp(dueMs);
  }

  /** Not due any more after that instant, epoch ms. */
  endAfter(atMs: number): void {
    this.lastMs = Math.min(this.lastMs, atMs);
  }
}

function roundUp(atMs: number): number {
  return Math.ceil(atMs / GRAIN_MS) * GRAIN_MS;
}
