/**
 * How long before an instant its first bids begin: so long that locks and claims are in hand when it comes. Many ticks of one
 * instant take longer than a few, and a far store longer than a near one, so it follows what bids have taken.
 *
 * Like the round trip of TCP's estimator: up at once, down by an eighth (Jacobson, "Congestion avoidance and control", 1988).
 */

import { EARLY_MS } from '../contract/constants.js';
import { CLOCK_ERROR_MS } from '../options/protocol-options.js';

/** Nodes refuse what is ahead of their clocks by EARLY, and the estimate of their clocks may be wrong. */
export const MAX_LEAD_MS = EARLY_MS - CLOCK_ERROR_MS - 1;

/** A pause of garbage collection or of the machine comes in between now and then. */
const SPARE_SHARE = 0.25;
const DECAY = 1 / 8;

/** What a tick takes, before as many have been bid for: 300 of one moment come without any before them. */
const FIRST_GUESS_MS = 0.1;

/** By the power of two of the number of ticks; ms. */
type TimesTaken = (number | undefined)[];

export class BidLead {
  /** The longest that bids for the ticks of a moment took lately. */
  private readonly longest: TimesTaken = [];
  /** What they mostly take: one pause of the machine among many bids moves it little. */
  private readonly usual: TimesTaken = [];

  /** @param leastMs `bids.leadMs` */
  constructor(private readonly leastMs: number) {}

  /** For a moment at which so many ticks are due here, whoever is to bid for them; ms. */
  of(ticks: number): number {
    return Math.min(this.withSpare(expectedMs(this.longest, ticks)), MAX_LEAD_MS);
  }

  /** What mostly is enough, without an upper bound; ms. */
  usualMs(ticks: number): number {
    return this.withSpare(expectedMs(this.usual, ticks));
  }

  /** The first bids of such a moment have their answers. */
  noteBid(ticks: number, tookMs: number): void {
    const size = sizeOf(ticks);
    const [longest, usual = tookMs] = [this.longest[size], this.usual[size]];
    const isLonger = longest === undefined || tookMs > longest;
    this.longest[size] = isLonger ? tookMs : longest + (tookMs - longest) * DECAY;
    this.usual[size] = usual + (tookMs - usual) * DECAY;
  }

  /** They were not won, which may be because nodes found them early. */
  noteRefusal(ticks: number): void {
    this.longest[sizeOf(ticks)] = expectedMs(this.longest, ticks) / 2;
  }

  private withSpare(tookMs: number): number {
    return Math.max(this.leastMs, tookMs * (1 + SPARE_SHARE));
  }
}

/** By the bids of as many ticks, else by those of the next smaller number. */
function expectedMs(taken: TimesTaken, ticks: number): number {
  for (let size = sizeOf(ticks); size >= 0; size -= 1) {
    const tookMs = taken[size];
    if (tookMs === undefined) continue;
    const more = size === sizeOf(ticks) ? 0 : ticks - 2 ** size;
    return tookMs + more * FIRST_GUESS_MS;
  }
  return ticks * FIRST_GUESS_MS;
}

function sizeOf(ticks: number): number {
  return Math.floor(Math.log2(Math.max(1, ticks)));
}
