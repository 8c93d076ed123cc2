/**
 * Ticks of instants close to each other are bid for together, ahead of the first of them: jittered tasks are due at a thousand instants
 * a second, and would each cost a lock, a claim, a look and a release of their own.
 */

import { MAX_LEAD_MS } from '../bid/bid-lead.js';

const MAX_LENGTH_MS = 40;

/**
 * Slots as short as this are made though bids take so long that their first tick has less time than it should: where the processor or the
 * store is short, one step per instant would take more of it. ms.
 */
const MIN_LENGTH_MS = 20;

/** The next in rank looks a stagger behind the first tick of a slot, and the second bids come at its last one. */
const SHARE_OF_STAGGER = 0.5;

/** Instants from `tick` to `last`, for which the first in rank bids at one moment. */
export interface Slot {
  readonly tick: number;
  readonly last: number;
  /** How long before the first instant. */
  readonly leadMs: number;
}

/** How many ticks are due at an instant. */
export interface InstantSize {
  readonly tick: number;
  readonly ticks: number;
}

export interface SlotTimes {
  readonly bidLeadMs: number;
  readonly bidStaggerMs: number;
}

/** How far a slot may reach, if ticks are due there. */
export function slotLengthMs({ bidLeadMs, bidStaggerMs }: SlotTimes): number {
  return Math.max(
    0,
    Math.floor(Math.min(MAX_LENGTH_MS, bidStaggerMs * SHARE_OF_STAGGER, MAX_LEAD_MS - bidLeadMs)),
  );
}

/** How long before their moment bids for so many ticks are to begin; ms. */
export interface LeadTimes {
  /** At most MAX_LEAD_MS. */
  of(ticks: number): number;
  /** What mostly does, without an upper bound. */
  usualMs(ticks: number): number;
}

/**
 * As many instants as can be bid for in time: what the bids usually take, and the slot after it, fit into {@link MAX_LEAD_MS}.
 *
 * @param due the first instant and those that its slot may reach, in order
 */
export function planSlot(
  [first, ...others]: readonly [InstantSize, ...InstantSize[]],
  lead: LeadTimes,
): Slot {
  const alone = lead.usualMs(first.ticks);
  let [last, ticks] = [first.tick, first.ticks];
  for (const one of others) {
    const [usual, lengthMs] = [lead.usualMs(ticks + one.ticks), one.tick - first.tick];
    const isInTime = usual + lengthMs <= MAX_LEAD_MS;
    const isShort = lengthMs <= MIN_LENGTH_MS && usual - alone <= MIN_LENGTH_MS;
    if (!isInTime && !isShort) break;
    last = one.tick;
    ticks += one.ticks;
  }
  return { tick: first.tick, last, leadMs: Math.min(lead.of(ticks), MAX_LEAD_MS - (last - first.tick)) };
}
