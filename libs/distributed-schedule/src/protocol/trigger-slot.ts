/** Where between the ticks of a task there is room for one more. */

import { INSTANTS_PER_TICK } from './task-policies.js';
import type { Schedule } from './tick-context.js';

/**
 * Kept from a scheduled tick on either side where there is room, ms; half the gap where there is less. A tick's lateness limit
 * follows from the gap to the next one, and standby instances need some.
 */
const ROOM_MS = 1_000;

/** Gaps that are looked at; further ahead nobody who triggers a task wants to wait. */
const MOST_GAPS = 1_000;

/**
 * The first instant from `fromMs` on that can be a tick of its own: no other tick within {@link INSTANTS_PER_TICK} ms, which a
 * tick has to itself in the ledger. Undefined where the task is due so often that there is none.
 * @param schedule without the triggers
 * @param triggers instants that are taken
 */
export function triggerSlot(
  schedule: Schedule,
  triggers: readonly number[],
  fromMs: number,
): number | undefined {
  let slot: number | undefined = Math.ceil(fromMs);
  for (let gap = 0; gap < MOST_GAPS && slot !== undefined; gap += 1) {
    const free = inGap(schedule, clearOf(triggers, slot));
    if (free.tick === undefined) {
      slot = free.nextFromMs;
      continue;
    }
    const neighbour = neighbourOf(triggers, free.tick);
    if (neighbour === undefined) return free.tick;
    slot = neighbour + INSTANTS_PER_TICK;
  }
  return undefined;
}

/** Whether two ticks would share instants of the ledger. */
export function areTooNear(one: number, other: number): boolean {
  return Math.abs(one - other) < INSTANTS_PER_TICK;
}

function neighbourOf(triggers: readonly number[], tick: number): number | undefined {
  const near = triggers.filter((other) => areTooNear(other, tick));
  return near.length === 0 ? undefined : Math.max(...near);
}

/** Asked before the schedule, which may be a cron expression and slow. */
function clearOf(triggers: readonly number[], fromMs: number): number {
  let clear = fromMs;
  for (let other = neighbourOf(triggers, clear); other !== undefined; other = neighbourOf(triggers, clear)) {
    clear = other + INSTANTS_PER_TICK;
  }
  return clear;
}

/** An instant at or after `fromMs` in the gap around it, or where to look next. */
function inGap(
  schedule: Schedule,
  fromMs: number,
):
  | { readonly tick: number; readonly nextFromMs?: never }
  | { readonly tick?: never; readonly nextFromMs: number | undefined } {
  const previous = previousWithin(schedule, fromMs);
  const next = schedule.nextAfter(fromMs - 1);
  const gapMs = (next ?? Number.POSITIVE_INFINITY) - (previous ?? Number.NEGATIVE_INFINITY);
  const roomMs = Math.min(ROOM_MS, Math.floor(gapMs / 2));
  const earliest = Math.max(fromMs, (previous ?? Number.NEGATIVE_INFINITY) + roomMs);
  if (roomMs >= INSTANTS_PER_TICK && (next === undefined || earliest <= next - roomMs))
    return { tick: earliest };
  return { nextFromMs: next === undefined ? undefined : next + 1 };
}

/** The newest tick before `fromMs`, where there is one so near that the gap may be too short for full room. */
function previousWithin(schedule: Schedule, fromMs: number): number | undefined {
  let previous: number | undefined;
  for (
    let tick = schedule.nextAfter(fromMs - 2 * ROOM_MS - 1);
    tick !== undefined && tick < fromMs;
    tick = schedule.nextAfter(tick)
  ) {
    previous = tick;
  }
  return previous;
}
