/** Says that a node has no room for more records. */

import { DistributedScheduleError } from '../errors.js';
import type { ScheduleObserver } from '../observer.js';

/** Told again after this, ms: there may have been room in between, and none any more. */
const TOLD_EVERY_MS = 3_600_000;

export class BoardFullness {
  private toldMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly observer: ScheduleObserver,
    private readonly monotonicMs: () => number,
  ) {}

  tell(label: string): void {
    const nowMs = this.monotonicMs();
    if (nowMs < this.toldMs + TOLD_EVERY_MS) return;
    this.toldMs = nowMs;
    const message = `${label} keeps as many records as it may`;
    this.observer.observe({
      type: 'error',
      error: new DistributedScheduleError('DSCHED_BOARD_FULL', message),
      where: 'board',
    });
  }
}
