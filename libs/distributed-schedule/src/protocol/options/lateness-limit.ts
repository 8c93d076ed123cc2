/** How late a tick may start: it must not come after its successor, and all bids have to fit in. */

import { DistributedScheduleError } from '../contract/errors.js';
import { LAST_RANK, MIN_STAGGER_MS } from './protocol-options.js';

/** Above half the period a late start could come after its successor's. */
const LATENESS_SHARE = 0.4;
const MAX_SHARE = 0.5;
const MAX_LATENESS_MS = 30_000;

/** `given`, else 0.4 of the period, at most 30 s. @throws DSCHED_DURATIONS above half the period, or too short for the bids */
export function requireMaxLatenessMs(
  task: string,
  periodMs: number,
  bidStaggerMs: number,
  given: number | undefined,
): number {
  const latenessMs = given ?? maxLatenessMs(periodMs);
  if (given !== undefined && given > periodMs * MAX_SHARE) {
    throw new DistributedScheduleError(
      'DSCHED_DURATIONS',
      `maxLatenessMs must be at most half the period, or a late start can come after its successor: ` +
        `${given} > ${periodMs} / 2. Lower maxLatenessMs.`,
      { task, value: given },
    );
  }
  if (bidStaggerMs * LAST_RANK > latenessMs) throw tooShort(task, periodMs, bidStaggerMs, given);
  return latenessMs;
}

/** With the shortest period that would do, and the largest stagger. */
function tooShort(
  task: string,
  periodMs: number,
  bidStaggerMs: number,
  given: number | undefined,
): DistributedScheduleError {
  const neededMs = bidStaggerMs * LAST_RANK;
  const staggerMs = Math.floor((given ?? maxLatenessMs(periodMs)) / LAST_RANK);
  const lower = staggerMs < MIN_STAGGER_MS ? '' : `, or lower bids.staggerMs to ${staggerMs}`;
  const why = `the bids of the next in rank come bids.staggerMs * ${LAST_RANK} = ${neededMs} ms after a tick at most, and must`;
  const message =
    given === undefined || neededMs > periodMs * MAX_SHARE
      ? `its ticks are ${periodMs} ms apart, and the shortest period is ${Math.ceil(neededMs / LATENESS_SHARE)} ms: ${why} come ` +
        `within ${LATENESS_SHARE} of the period, or they are too late. Schedule the task less often${lower}.`
      : `its maxLatenessMs is ${given}, and the least is ${neededMs}: ${why} come within it. Raise maxLatenessMs, which ` +
        `may be half the period (${periodMs} ms)${lower}.`;
  return new DistributedScheduleError('DSCHED_DURATIONS', message, { task, value: given ?? periodMs });
}

/** The derived lateness limit of a task that is due every `periodMs`. */
export function maxLatenessMs(periodMs: number): number {
  return Math.min(Math.floor(periodMs * LATENESS_SHARE), MAX_LATENESS_MS);
}
