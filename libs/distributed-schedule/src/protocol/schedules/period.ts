/** What a task asks of the time between its ticks, checked before it is scheduled. */

import { DistributedScheduleError } from '../contract/errors.js';
import { looksBack, MIN_PERIOD_WITH_ATTEMPTS_MS } from '../contract/task-policies.js';
import type { Schedule, ScheduledTask } from '../contract/tick-context.js';
import { requireMaxLatenessMs } from '../options/lateness-limit.js';
import { PERIOD_OF_A_LAST_TICK_MS } from '../policies/lateness.js';
import { JitteredSchedule } from './jittered.schedule.js';

/** How many gaps are looked at to find the shortest period of a schedule that does not know it. */
const GAPS_LOOKED_AT = 16;

/** @throws DistributedScheduleError DSCHED_DURATIONS when ticks follow each other too fast for what the task wants */
export function requirePeriod(task: ScheduledTask, nowMs: number, bidStaggerMs: number): void {
  const periodMs = shortestPeriodMs(task.schedule, nowMs);
  requireMaxLatenessMs(task.name, periodMs, bidStaggerMs, task.maxLatenessMs);
  const { policies } = task;
  if (policies === undefined || periodMs >= MIN_PERIOD_WITH_ATTEMPTS_MS) return;
  if (policies.retry === undefined && !looksBack(policies)) return;
  throw new DistributedScheduleError(
    'DSCHED_DURATIONS',
    `retry, recovery 'retake' and misfire 'latest' and 'all' need a period of at least ` +
      `${MIN_PERIOD_WITH_ATTEMPTS_MS} ms, as each attempt takes an instant of its own after the tick: ` +
      `${periodMs} < ${MIN_PERIOD_WITH_ATTEMPTS_MS}. Schedule the task less often, lower jitterMs, or leave them out.`,
    { task: task.name, value: periodMs },
  );
}

/**
 * Where no clock turns, and with the worst hash of jitter, so that it does not depend on the day of the start.
 * A gap that a turned clock shortens has its limit cut by {@link latenessLimit}; its last bids may be too late.
 */
function shortestPeriodMs(schedule: Schedule, nowMs: number): number {
  if (schedule.shortestGapMs !== undefined) return schedule.shortestGapMs;
  const { ordinary = schedule } = schedule;
  if (ordinary instanceof JitteredSchedule)
    return ordinary.leastGapMs(shortestPeriodMs(ordinary.base, nowMs));
  let shortestMs = Number.POSITIVE_INFINITY;
  let previous = ordinary.nextAfter(nowMs);
  for (let gap = 0; gap < GAPS_LOOKED_AT && previous !== undefined; gap += 1) {
    const next = ordinary.nextAfter(previous);
    if (next === undefined) break;
    shortestMs = Math.min(shortestMs, next - previous);
    previous = next;
  }
  return Number.isFinite(shortestMs) ? shortestMs : PERIOD_OF_A_LAST_TICK_MS;
}
