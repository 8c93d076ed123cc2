/** How late a tick may start. */

import type { ScheduledTask } from '../contract/tick-context.js';
import { maxLatenessMs } from '../options/lateness-limit.js';

/** The limit of a tick without a successor, which has no period to derive one from. */
export const PERIOD_OF_A_LAST_TICK_MS = 60_000;

/** At most half the gap to the next tick, or it could start after its successor. Also cuts the one tick before clocks turn. */
export function latenessLimit(task: ScheduledTask, tick: number, successor: number | undefined): number {
  const periodMs = successor === undefined ? PERIOD_OF_A_LAST_TICK_MS : successor - tick;
  return Math.min(task.maxLatenessMs ?? maxLatenessMs(periodMs), periodMs / 2);
}
