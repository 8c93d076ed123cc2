import type { Schedule } from '../contract/tick-context.js';

/** How often a run that has not come about is tried again. */
export const RETRY_PERIOD_MS = 10_000;

/**
 * Instants are rounded to this, so two instances' instants are equal or further apart than one tick's attempts.
 */
const GRAIN_MS = 100;

/**
 * Due once, then every ten seconds until known to have run, so that any later instance takes it up. That it runs once is decided by
 * the timeout ledger.
 */
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

  nextAfter(epochMs: number): number | undefined {
    const retries = epochMs < this.dueMs ? 0 : Math.floor((epochMs - this.dueMs) / RETRY_PERIOD_MS) + 1;
    const next = this.dueMs + retries * RETRY_PERIOD_MS;
    return next > this.lastMs ? undefined : next;
  }

  /** Another instant counts for the first one: what was said before is no longer true. */
  moveTo(dueMs: number): void {
    this.dueMs = roundUp(dueMs);
  }

  /** Not due any more after that instant, epoch ms. */
  endAfter(epochMs: number): void {
    this.lastMs = Math.min(this.lastMs, epochMs);
  }
}

function roundUp(epochMs: number): number {
  return Math.ceil(epochMs / GRAIN_MS) * GRAIN_MS;
}
