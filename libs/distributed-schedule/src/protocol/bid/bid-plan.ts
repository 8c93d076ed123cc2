/**
 * When an instance bids for a tick, as offsets from the tick in ms.
 *
 * ```
 *            T-lead   T        T+s      T+2s     T+3s     +s/2     T+6s     +s/2  …
 *   rank 0     bid    bid*                        bid*     bid*     bid*     bid*
 *   rank 1                     bid*               bid*     bid*     bid*     bid*
 *   rank 2                              bid*      bid*     bid*     bid*     bid*
 *   rank 3+                                       bid*     bid*     bid*     bid*   (* only while the tick is still open)
 * ```
 *
 * Where ticks of several instants are bid for together (scheduler/slot.ts), T is the first of them, but for the second bid of the first in
 * rank, which comes at the last one.
 *
 * The first in rank bids before the boundary, so that the network is off the path when the tick comes. The
 * others bid only when a peek says that the tick is still open, each a stagger later, so that they do not split
 * the vote. From T + 3s on there are common rounds, at doubling distances up to the tick's lateness limit: for locks
 * that came free late, and for nodes that were away. There the instances are spread by rank for the same reason. Each has a
 * second chance 0.5 to 0.9 of a stagger later, at random, where the limit leaves room for it: for a while after a death,
 * instances that do not know of it alike may believe to be of the same rank, and would split the vote again and again.
 * When the store says that a dead holder's lock comes free sooner, an extra round takes place then.
 *
 * Instances on which a run of the task hangs have a fraction between ranks 2 and 3 (ranking.ts), and bid one after the other in between.
 */

import { LAST_RANK } from '../options/protocol-options.js';

/** A common round is spread over at most half a stagger. */
const SPREAD_SHARE = 1 / 16;
const SPREAD_RANKS = 8;

/** A second chance comes at least half a stagger after its round, and this much of a stagger later at most. */
const SECOND_CHANCE_SHARE = 0.4;

/** Extra rounds for dead holders' locks, per contest. */
const MAX_EXTRA_ROUNDS = 3;

export interface BidTimes {
  readonly bidLeadMs: number;
  readonly bidStaggerMs: number;
  /** From the first tick that is bid for to the last one. Absent: all are due at one instant. */
  readonly slotMs?: number;
}

/** Offsets of the bids of `rank` from the first tick, in rising order, up to `latestMs`; ms. */
export function bidOffsetsMs(
  rank: number,
  times: BidTimes,
  latestMs: number,
  random: () => number,
): readonly number[] {
  const { bidLeadMs, bidStaggerMs, slotMs = 0 } = times;
  const spread = spreadMs(rank, bidStaggerMs);
  const rounds: number[] = [];
  for (let atMs = LAST_RANK * bidStaggerMs; atMs + spread <= latestMs; atMs *= 2) {
    const secondMs = atMs + bidStaggerMs / 2 + random() * SECOND_CHANCE_SHARE * bidStaggerMs;
    rounds.push(atMs + spread, ...(secondMs <= latestMs ? [secondMs] : []));
  }
  if (rank === 0) return [-bidLeadMs, slotMs, ...rounds];
  return rank < LAST_RANK ? [rank * bidStaggerMs, ...rounds] : rounds;
}

/** In a common round an instance of this rank bids this much later than the first. */
function spreadMs(rank: number, bidStaggerMs: number): number {
  // Those that are last since a run hangs on them share the half stagger by their fractions.
  const steps = Number.isInteger(rank) ? Math.min(rank, SPREAD_RANKS) : (rank % 1) * SPREAD_RANKS;
  return steps * bidStaggerMs * SPREAD_SHARE;
}

/** The rounds of one contest, as they come. */
export class BidRounds {
  private readonly offsetsMs: number[];
  private extraRounds = 0;

  constructor(
    private readonly rank: number,
    private readonly times: BidTimes,
    latestMs: number,
    random: () => number,
  ) {
    this.offsetsMs = [...bidOffsetsMs(rank, times, latestMs, random)];
  }

  /** The offset of the next round. Of rounds that a pause has swallowed only the newest is left. */
  next(sinceTickMs: number): number | undefined {
    const [, second] = this.offsetsMs;
    if (second !== undefined && second <= sinceTickMs) {
      this.offsetsMs.shift();
      return this.next(sinceTickMs);
    }
    return this.offsetsMs.shift();
  }

  /** Adds a round for a lock that comes free after `freeInMs`, unless another round comes before. */
  addExtra(sinceTickMs: number, freeInMs: number): void {
    const offsetMs = sinceTickMs + freeInMs + spreadMs(this.rank, this.times.bidStaggerMs);
    const [first] = this.offsetsMs;
    if (this.extraRounds >= MAX_EXTRA_ROUNDS || (first !== undefined && first <= offsetMs)) return;
    this.extraRounds += 1;
    this.offsetsMs.unshift(offsetMs);
  }
}
