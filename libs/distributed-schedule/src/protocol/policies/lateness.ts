/** How late a tick may start. */

import type { ScheduledTask } from '../contract/tick-context.js';
import { maxLatenessMs } from '../options/lateness-limit.js';

/** A tick without a successor has no period to derive a limit from, ms. */
export const PERIOD_OF_A_LAST_TICK_MS = 60_000;

/**
 * At most half of the gap to the very next tick, so that a late start never comes after its successor's; ms. Boot refuses a limit that
 * is too long for the ordinary period only: here it is cut for the one tick after which clocks are turned. By the schedule alone,
 * so all instances cut it alike.
 */
export function latenessLimit(task: ScheduledTask, tick: number, successor: number | undefined): number {
  const periodMs = successor === undefined ? PERIOD_OF_A_LAST_TICK_MS : successor - tick;
  return Math.min(task.maxLatenessMs ?? maxLatenessMs(periodMs), periodMs / 2);
}
