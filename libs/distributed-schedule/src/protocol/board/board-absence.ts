/** Who was away longer than deletions last throws away its records: merged, they would bring back what was deleted. */

import { TOMBSTONE_TTL_MS } from './board-keys.js';

/** Without a majority for this long, an instance no longer believes its own records. */
export const FORGET_AFTER_MS = TOMBSTONE_TTL_MS / 2;

/** A node without any instance for this long is not believed. With the other half it stays below TOMBSTONE_TTL_MS. */
export const AWAY_AFTER_MS = TOMBSTONE_TTL_MS / 2 - 3_600_000;

/** How often a node is told that it is in touch. */
export const IN_TOUCH_EVERY_MS = 10_000;

/** When a cluster stops, its nodes are told so for the last time at most this far apart. */
const APART_MS = 60_000;

/** After a whole cluster was down no node was away: each keeps the only copies. @param inTouchMs cluster time, 0: untold */
export function wasAway(inTouchMs: number, others: readonly number[], nowMs: number): boolean {
  if (inTouchMs === 0 || nowMs - inTouchMs <= AWAY_AFTER_MS) return false;
  // Who is ahead of time has been told so by a bad clock, and proves nothing.
  return others.some((other) => other - inTouchMs > APART_MS && other - nowMs < APART_MS);
}
