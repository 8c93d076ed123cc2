/** How late a tick may start. */

import { maxLatenessMs } from './options.js';
import type { ScheduledTask } from './tick-context.js';

/** A tick without a successor has no period to derive a limit from, ms. */
export const PERIOD_OF_A_LAST_TICK_MS = 60_000;

/** From the gap to the very next tick, so that a late start never comes after its successor's; ms. */
export function latenessLimit(task: ScheduledTask, tick: number, successor: number | undefined): number {
  const periodMs = successor === undefined ? PERIOD_OF_A_LAST_TICK_MS : successor - tick;
  return Math.min(task.maxLatenessMs ?? maxLatenessMs(periodMs), periodMs / 2);
}
