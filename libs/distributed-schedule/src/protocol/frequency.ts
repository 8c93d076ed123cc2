/**
 * Whether one schedule is due more often than another. Two versions of an app may disagree on a task; an instance of the older
 * one that follows "once a month" to "every second" runs a handler that was never meant for it.
 *
 * Exact is only the answer over all times, which nobody has. So: both are looked at from one instant on, over the first
 * {@link TICKS_LOOKED_AT} ticks of the one in question. It is more frequent if it has more ticks there, beyond the one that the
 * phase may make, or if two of its ticks follow each other clearly faster than any two of the other's. So a burst counts as
 * more frequent, even where fewer ticks a day come of it. What cannot be told counts as more frequent.
 */

import { JitteredSchedule } from './jitter.js';
import type { Schedule } from './tick-context.js';

/** A cron expression shows its shortest gap within 61 ticks: seconds, minutes and hours are lists of at most 60. */
const TICKS_LOOKED_AT = 64;

/** Days are 23 to 25 hours long and months 28 to 31 days: a gap that is shorter by less than a tenth is no other one. */
const SHORTER_SHARE = 0.9;

/** @param fromMs epoch ms; the same for all who ask about the same two, so that they agree */
export function isMoreFrequent(one: Schedule, than: Schedule, fromMs: number): boolean {
  try {
    const [ticks, others] = [unspread(one), unspread(than)];
    const mine = firstTicks(ticks, fromMs, Number.POSITIVE_INFINITY);
    const last = mine.at(-1);
    if (last === undefined) return false;
    const theirs = firstTicks(others, fromMs, last);
    // Their shortest gap is looked for over as many ticks, which may lie further ahead.
    const theirGapMs = shortestGapMs(firstTicks(others, fromMs, Number.POSITIVE_INFINITY));
    const isDenser = mine.length > theirs.length + 1;
    return isDenser || shortestGapMs(mine) < theirGapMs * SHORTER_SHARE;
  } catch {
    return true;
  }
}

/** Jitter moves ticks, and makes none. */
function unspread(schedule: Schedule): Schedule {
  return schedule instanceof JitteredSchedule ? schedule.base : schedule;
}

function firstTicks(schedule: Schedule, fromMs: number, untilMs: number): readonly number[] {
  const ticks: number[] = [];
  for (let tick = schedule.nextAfter(fromMs); tick !== undefined && tick <= untilMs; ) {
    if (!Number.isFinite(tick)) throw new Error('a tick that is no instant');
    ticks.push(tick);
    if (ticks.length === TICKS_LOOKED_AT) break;
    tick = schedule.nextAfter(tick);
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
