import type { Schedule } from '../contract/tick-context.js';

/** How often a run that has not come about is tried again, ms. */
export const RETRY_PERIOD_MS = 10_000;

/**
 * Instants of different instances either are the same or lie further apart than one tick's attempts, ms. People do not
 * notice so little.
 */
const GRAIN_MS = 100;

/**
 * Due at one instant, and then every ten seconds until it is known to have run: whoever is there takes it up, however long
 * nobody was. That it runs once is not decided here but by the {@link OnceLedger}.
 */
export class OnceSchedule implements Schedule {
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
