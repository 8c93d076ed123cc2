/** How late a tick may start. */

import type { ScheduledTask } from '../contract/tick-context.js';
import { maxLatenessMs } from '../options/lateness-limit.js';

/** The limit of a tick without a successor, which has no period to derive one from. */
export const PERIOD_OF_A_LAST_TICK_MS = 60_000;

/**
 * Half of the gap to the next tick at most: a late start must never come after its successor. Cut by the schedule alone, so all
 * instances cut alike. Boot checks the ordinary period only; this cuts the one tick before clocks are turned.
 */
export function latenessLimit(task: ScheduledTask, tick: number, successor: number | undefined): number {
  const periodMs = successor === undefined ? PERIOD_OF_A_LAST_TICK_MS : successor - tick;
  return Math.min(task.maxLatenessMs ?? maxLatenessMs(periodMs), periodMs / 2);
}
