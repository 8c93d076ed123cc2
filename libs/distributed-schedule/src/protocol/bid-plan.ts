/**
 * When an instance bids for a tick, as offsets from the tick in ms.
 *
 * ```
 *            T-lead   T        T+s      T+2s     T+3s
 *   rank 0     bid    bid*                        bid*
 *   rank 1                     bid                 bid*
 *   rank 2                              bid        bid*
 *   rank 3+                                       bid        (* only while the tick is still open)
 * ```
 *
 * The first in rank bids before the boundary, so that the network is off the path when the tick comes. The
 * others bid only when a peek says that the tick is still open, each a stagger later, so that they do not split
 * the vote. The last round is for locks that came free late (a dead holder's, or one of a run that has just
 * ended); there the instances are spread by rank for the same reason. When the store says that a dead holder's lock
 * comes free sooner, an extra round takes place then.
 */

import { LAST_RANK } from './options.js';

/** The last round is spread over at most half a stagger. */
const SPREAD_SHARE = 1 / 16;
const SPREAD_RANKS = 8;

/** Extra rounds for dead holders' locks, per contest. */
export const MOST_EXTRA_ROUNDS = 3;

export interface BidTimes {
  readonly bidLeadMs: number;
  readonly bidStaggerMs: number;
}

/** Offsets of the bids of `rank` from the tick, in rising order, ms. */
export function bidOffsetsMs(rank: number, { bidLeadMs, bidStaggerMs }: BidTimes): readonly number[] {
  const lastRoundMs = LAST_RANK * bidStaggerMs + Math.min(rank, SPREAD_RANKS) * bidStaggerMs * SPREAD_SHARE;
  if (rank === 0) return [-bidLeadMs, 0, lastRoundMs];
  if (rank < LAST_RANK) return [rank * bidStaggerMs, lastRoundMs];
  return [lastRoundMs];
}

/** How much later than the first an instance of this rank bids in a round that all take part in, ms. */
export function spreadMs(rank: number, bidStaggerMs: number): number {
  return Math.min(rank, SPREAD_RANKS) * bidStaggerMs * SPREAD_SHARE;
}
