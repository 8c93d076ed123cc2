/**
 * Instants close to each other are bid for together, as if all were due at the last of them: jittered tasks are due at a thousand instants
 * a second, and would each cost a lock, a claim, a look and a release of their own.
 */

import { MAX_LEAD_MS } from '../bid/bid-lead.js';

/**
 * The length of a slot at most; ms. Twice this fits between the claim of its last tick and {@link MAX_LEAD_MS}, so that the first has
 * as much time for its bid as the slot is long.
 */
const MAX_SLOT_MS = 40;

/** The next in rank bids a stagger behind the last tick of a slot: for its first one that is later by the slot. */
const SHARE_OF_STAGGER = 0.5;

/** So many ticks of one instant, and more than half of all, have a slot of their own: they need the time of the slot for their bids. */
const MANY = 16;

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

/** How far a slot may reach, if ticks are due there. */
export function slotLengthMs(bidStaggerMs: number): number {
  return Math.floor(Math.min(MAX_SLOT_MS, bidStaggerMs * SHARE_OF_STAGGER));
}

/**
 * @param due the first instant and those that its slot may reach, in order
 * @param leadOf how long before their instant bids for so many ticks are to begin; ms
 */
export function planSlot(
  [first, ...others]: readonly [InstantSize, ...InstantSize[]],
  leadOf: (ticks: number) => number,
): Slot {
  const all = others.reduce((sum, { ticks }) => sum + ticks, first.ticks);
  const isAlone = ({ ticks }: InstantSize): boolean => ticks >= MANY && 2 * ticks > all;
  const end = isAlone(first) ? 0 : others.findIndex(isAlone);
  const together = [first, ...(end === -1 ? others : others.slice(0, end))];
  const { tick: last } = together.at(-1) ?? first;
  const ticks = together.reduce((sum, one) => sum + one.ticks, 0);
  return { tick: first.tick, last, leadMs: Math.min(leadOf(ticks), MAX_LEAD_MS - (last - first.tick)) };
}
