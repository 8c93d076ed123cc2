/** Where between the ticks of a task there is room for one more. */

import { INSTANTS_PER_TICK } from '../contract/task-policies.js';
import type { Schedule } from '../contract/tick-context.js';

/** Kept from a scheduled tick on either side where there is room. */
const ROOM_MS = 1_000;

/** Gaps shorter than this many rooms are split evenly between their triggers. */
const ROOMS_OF_A_WIDE_GAP = 4;

/** Triggers in a gap that is not wide: with more of them none would have much room. */
const MAX_PER_GAP = 4;

/** Gaps that are looked at; further ahead nobody who triggers a task wants to wait. */
const MAX_GAPS = 1_000;

export interface TriggerSlot {
  readonly tick: number;
  /** What is kept from other triggers there. */
  readonly roomMs: number;
}

export interface TriggerSlotQuestion {
  /** Without the triggers. */
  readonly schedule: Schedule;
  /** Triggers that there are. */
  readonly taken: readonly number[];
  /** Not before this instant. */
  readonly fromMs: number;
  /**
   * Smallest distance between two ticks if the gap allows it: standbys need part of a tick's lateness limit, which is half its gap.
   */
  readonly leastRoomMs: number;
}

/**
 * The first instant from `fromMs` on that can be a tick of its own: no other tick within {@link INSTANTS_PER_TICK} ms, which a
 * tick has to itself in the ledger, and more room where there is more. Undefined where the task is due so often that there
 * is none.
 */
export function triggerSlot(question: TriggerSlotQuestion): TriggerSlot | undefined {
  const { schedule, leastRoomMs } = question;
  const fromMs = Math.ceil(question.fromMs);
  const wideMs = ROOMS_OF_A_WIDE_GAP * Math.max(ROOM_MS, leastRoomMs);
  let previous = previousWithin(schedule, fromMs, wideMs);
  let next = schedule.nextAfter(fromMs - 1);
  for (let gap = 0; gap < MAX_GAPS; gap += 1) {
    const edges = { previous, next };
    const slot = lengthOf(edges) >= wideMs ? inWideGap(question, edges) : inShortGap(question, edges);
    if (slot !== undefined || next === undefined) return slot;
    previous = next;
    next = schedule.nextAfter(next);
  }
  return undefined;
}

/** Whether two ticks would share instants of the ledger. */
export function areTooNear(one: number, other: number): boolean {
  return Math.abs(one - other) < INSTANTS_PER_TICK;
}

/** Scheduled ticks around a gap; undefined where the nearest one is far away. */
interface Edges {
  readonly previous: number | undefined;
  readonly next: number | undefined;
}

function lengthOf({ previous, next }: Edges): number {
  return (next ?? Number.POSITIVE_INFINITY) - (previous ?? Number.NEGATIVE_INFINITY);
}

/** Anywhere: as soon as it is wanted, or as there is room. */
function inWideGap(
  { taken, fromMs, leastRoomMs }: TriggerSlotQuestion,
  { previous = Number.NEGATIVE_INFINITY, next = Number.POSITIVE_INFINITY }: Edges,
): TriggerSlot | undefined {
  const edgeMs = Math.max(ROOM_MS, leastRoomMs);
  const roomMs = Math.max(INSTANTS_PER_TICK, leastRoomMs);
  let tick = Math.max(Math.ceil(fromMs), previous + edgeMs);
  for (let near = nearest(taken, tick, roomMs); near !== undefined; near = nearest(taken, tick, roomMs)) {
    tick = near + roomMs;
  }
  return tick <= next - edgeMs ? { tick, roomMs } : undefined;
}

/** In its middle, or where several have room, at instants that part it evenly. */
function inShortGap(
  { taken, fromMs, leastRoomMs }: TriggerSlotQuestion,
  { previous = 0, next = 0 }: Edges,
): TriggerSlot | undefined {
  const fitting = Math.floor((next - previous) / Math.max(INSTANTS_PER_TICK, leastRoomMs)) - 1;
  const places = Math.min(MAX_PER_GAP, Math.max(1, fitting));
  const roomMs = Math.floor((next - previous) / (places + 1));
  if (roomMs < INSTANTS_PER_TICK) return undefined;
  for (let place = 1; place <= places; place += 1) {
    const tick = previous + place * roomMs;
    if (tick >= fromMs && nearest(taken, tick, roomMs) === undefined) return { tick, roomMs };
  }
  return undefined;
}

/** The last of the triggers that are nearer to `tick` than `roomMs`. */
function nearest(taken: readonly number[], tick: number, roomMs: number): number | undefined {
  const near = taken.filter((other) => Math.abs(other - tick) < roomMs);
  return near.length === 0 ? undefined : Math.max(...near);
}

/** The newest tick in the `withinMs` before `fromMs`. */
function previousWithin(schedule: Schedule, fromMs: number, withinMs: number): number | undefined {
  let previous: number | undefined;
  for (
    let tick = schedule.nextAfter(fromMs - withinMs - 1);
    tick !== undefined && tick < fromMs;
    tick = schedule.nextAfter(tick)
  ) {
    previous = tick;
  }
  return previous;
}
