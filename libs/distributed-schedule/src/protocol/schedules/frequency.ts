/**
 * Whether a schedule is due more often than another: else an old version would run a new one's "every second".
 *
 * Over the first {@link TICKS_LOOKED_AT} ticks: more of them, beyond one for the phase, or a clearly shorter gap.
 * A burst counts, and so does what cannot be told.
 */

import type { Schedule } from '../contract/tick-context.js';
import { JitteredSchedule } from './jittered.schedule.js';

/** A cron expression shows its shortest gap within 61 ticks: seconds, minutes and hours are lists of at most 60. */
const TICKS_LOOKED_AT = 64;

/** Turned clocks and months of 28 to 31 days change a gap by less than a tenth: that is no shorter one. */
const SHORTER_SHARE = 0.9;

/** A comparison that takes its time: a step is one question to a schedule, which for a cron expression can take milliseconds. */
export type Comparison = Generator<undefined, boolean>;

/** @param fromMs epoch ms; the same for all who ask about the same two, so that they agree */
export function isMoreFrequent(one: Schedule, than: Schedule, fromMs: number): boolean {
  const comparison = compareFrequency(one, than, fromMs);
  for (;;) {
    const step = comparison.next();
    if (step.done === true) return step.value;
  }
}

/** The same, step by step. */
export function* compareFrequency(one: Schedule, than: Schedule, fromMs: number): Comparison {
  try {
    const mine = yield* firstTicks(unspread(one), fromMs);
    const last = mine.at(-1);
    if (last === undefined) return false;
    const theirs = yield* firstTicks(unspread(than), fromMs);
    const isDenser = mine.length > theirs.filter((tick) => tick <= last).length + 1;
    // Their shortest gap may lie further ahead than those ticks.
    return isDenser || shortestGapMs(mine) < shortestGapMs(theirs) * SHORTER_SHARE;
  } catch {
    return true;
  }
}

/** Jitter moves ticks, and makes none. Clocks that are turned make a gap shorter on one day, and so no schedule more frequent. */
function unspread(schedule: Schedule): Schedule {
  const base = schedule instanceof JitteredSchedule ? schedule.base : schedule;
  return base.ordinary ?? base;
}

function* firstTicks(schedule: Schedule, fromMs: number): Generator<undefined, readonly number[]> {
  const ticks: number[] = [];
  for (let afterMs = fromMs; ticks.length < TICKS_LOOKED_AT; yield) {
    const tick = schedule.nextAfter(afterMs);
    if (tick === undefined) break;
    // What comes no later than the one before would be asked for ever, or is no instant.
    if (!(tick > afterMs && Number.isFinite(tick))) throw new Error('a schedule that does not go on');
    ticks.push(tick);
    afterMs = tick;
  }
  return ticks;
}

/** Infinite where there is no second tick. */
function shortestGapMs(ticks: readonly number[]): number {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (let index = 1; index < ticks.length; index += 1) {
    shortestMs = Math.min(shortestMs, (ticks[index] ?? 0) - (ticks[index - 1] ?? 0));
  }
  return shortestMs;
}
