import { DistributedScheduleError } from '../contract/errors.js';
import { wholePeriod } from '../contract/spoken.js';
import type { Schedule } from '../contract/tick-context.js';
import { harmlessValue, shownValue } from '../options/shown-value.js';

const MAX_PERIOD_MS = 366 * 86_400_000;

/** Every multiple of a period since the epoch: the one phase that instances need not agree on. */
export class IntervalSchedule implements Schedule {
  readonly description: string;
  private readonly periodMs: number;

  /** @param periodMs checked here: it may come from JavaScript. @throws DistributedScheduleError DSCHED_BAD_SCHEDULE */
  constructor(task: string, periodMs: unknown) {
    if (!isPeriod(periodMs)) {
      throw new DistributedScheduleError(
        'DSCHED_BAD_SCHEDULE',
        `an interval of ${shownValue(periodMs)} cannot be used; it takes a whole number of milliseconds from 1 to ${MAX_PERIOD_MS}`,
        { task, value: harmlessValue(periodMs) },
      );
    }
    this.periodMs = periodMs;
    this.description = `every ${wholePeriod(periodMs)}`;
  }

  nextAfter(atMs: number): number {
    return (Math.floor(atMs / this.periodMs) + 1) * this.periodMs;
  }
}

function isPeriod(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PERIOD_MS;
}
