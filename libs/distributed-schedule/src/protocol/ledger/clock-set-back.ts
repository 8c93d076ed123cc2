/**
 * What proves that the clock of a node has been set back: it grants no instant further than EARLY ahead of its clock, and here
 * stands one. Until the clock shows again what it showed then, the node grants nothing, although it answers.
 *
 * A floor proves it too, of this node's clock or of one that has noted it: it was raised by what a clock showed. Clocks of
 * healthy nodes differ a little, so a floor must lie far ahead before it says anything.
 */

import { EARLY_MS, MARGIN_MS } from '../contract/constants.js';
import type { NodeTick } from '../contract/ports.js';
import { spoken } from '../contract/spoken.js';

/** Clocks of nodes and hosts may differ by this much. */
export const ORDINARY_SKEW_MS = 10_000;

/** The clock was set back by at least this since it granted `instant`; 0 where nothing says so. */
export function setBackSinceGrantMs(instant: number, nowMs: number): number {
  return Math.max(0, instant - EARLY_MS - Math.floor(nowMs));
}

/** The same of a floor. */
export function setBackSinceFloorMs(floor: number, nowMs: number): number {
  const aheadMs = floor - EARLY_MS - MARGIN_MS - Math.floor(nowMs);
  return aheadMs > ORDINARY_SKEW_MS ? aheadMs : 0;
}

/** What a node's word about a task's newest tick says of its clock. */
export function setBackOfTickMs({ tick, floor = 0, prunedUpTo = 0 }: NodeTick, nowMs: number): number {
  return Math.max(setBackSinceGrantMs(Math.max(tick, prunedUpTo), nowMs), setBackSinceFloorMs(floor, nowMs));
}

/** What a node's whole memory says of its clock: the newest instant that it has ever granted, and its floor. */
export function setBackOfMemoryMs(
  { highest, floor }: { readonly highest: number; readonly floor: number },
  nowMs: number,
): number {
  return setBackOfTickMs({ tick: highest, floor }, nowMs);
}

/** For people: `at least 59 min`, so it is never more than that. */
export function atLeast(byMs: number): string {
  const unitMs = byMs < 600_000 ? 1_000 : 60_000;
  return `at least ${spoken(Math.floor(byMs / unitMs) * unitMs)}`;
}

/** For people, as the reason why nobody can start a tick. */
export function setBackWords(byMs: number): string {
  return (
    `the clocks of its nodes were set back by ${atLeast(byMs)}, and they grant nothing ` +
    'before they show what they showed then'
  );
}
