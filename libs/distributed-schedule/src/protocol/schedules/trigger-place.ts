/** Where between the ticks of a task there is room for one more. */

import { INSTANTS_PER_TICK } from '../contract/task-policies.js';
import type { Schedule } from '../contract/tick-context.js';

/** Kept from a scheduled tick on either side where there is room. */
const DISTANCE_MS = 1_000;

/** Gaps shorter than this many rooms are split evenly between their triggers. */
const DISTANCES_OF_A_WIDE_GAP = 4;

/** Triggers in a gap that is not wide: with more of them none would have much room. */
const MAX_PER_GAP = 4;

/** Gaps that are looked at; further ahead nobody who triggers a task wants to wait. */
const MAX_GAPS = 1_000;

export interface TriggerPlace {
  readonly tick: number;
  /** What is kept from other triggers there. */
  readonly distanceMs: number;
}

export interface TriggerPlaceQuestion {
  /** Without the triggers. */
  readonly schedule: Schedule;
  /** Triggers that there are. */
  readonly taken: readonly number[];
  /** Not before this instant. */
  readonly fromMs: number;
  /** Smallest distance between two ticks, where the gap allows it: standbys need part of a lateness limit, half a gap. */
  readonly leastDistanceMs: number;
}

/** The first instant that shares no {@link INSTANTS_PER_TICK} with another tick, further away if possible; undefined: none. */
export function triggerPlace(question: TriggerPlaceQuestion): TriggerPlace | undefined {
  const { schedule, leastDistanceMs } = question;
  const fromMs = Math.ceil(question.fromMs);
  const wideMs = DISTANCES_OF_A_WIDE_GAP * Math.max(DISTANCE_MS, leastDistanceMs);
  let previous = previousWithin(schedule, fromMs, wideMs);
  let next = schedule.nextAfter(fromMs - 1);
  for (let gap = 0; gap < MAX_GAPS; gap += 1) {
    const edges = { previous, next };
    const place = lengthOf(edges) >= wideMs ? inWideGap(question, edges) : inShortGap(question, edges);
    if (place !== undefined || next === undefined) return place;
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
  { taken, fromMs, leastDistanceMs }: TriggerPlaceQuestion,
  { previous = Number.NEGATIVE_INFINITY, next = Number.POSITIVE_INFINITY }: Edges,
): TriggerPlace | undefined {
  const edgeMs = Math.max(DISTANCE_MS, leastDistanceMs);
  const distanceMs = Math.max(INSTANTS_PER_TICK, leastDistanceMs);
  let tick = Math.max(Math.ceil(fromMs), previous + edgeMs);
  for (
    let near = nearest(taken, tick, distanceMs);
    near !== undefined;
    near = nearest(taken, tick, distanceMs)
  ) {
    tick = near + distanceMs;
  }
  return tick <= next - edgeMs ? { tick, distanceMs } : undefined;
}

/** In its middle, or where several have room, at instants that part it evenly. */
function inShortGap(
  { taken, fromMs, leastDistanceMs }: TriggerPlaceQuestion,
  { previous = 0, next = 0 }: Edges,
): TriggerPlace | undefined {
  const fitting = Math.floor((next - previous) / Math.max(INSTANTS_PER_TICK, leastDistanceMs)) - 1;
  const places = Math.min(MAX_PER_GAP, Math.max(1, fitting));
  const distanceMs = Math.floor((next - previous) / (places + 1));
  if (distanceMs < INSTANTS_PER_TICK) return undefined;
  for (let place = 1; place <= places; place += 1) {
    const tick = previous + place * distanceMs;
    if (tick >= fromMs && nearest(taken, tick, distanceMs) === undefined) return { tick, distanceMs };
  }
  return undefined;
}

/** The last of the triggers that are nearer to `tick` than `distanceMs`. */
function nearest(taken: readonly number[], tick: number, distanceMs: number): number | undefined {
  const near = taken.filter((other) => Math.abs(other - tick) < distanceMs);
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
