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

export class BidLead {
  /** What bids for the ticks of an instant took lately, by the power of two of their number; ms. */
  private readonly tookMs: (number | undefined)[] = [];

  /** @param leastMs `bids.leadMs` */
  constructor(private readonly leastMs: number) {}

  /** For an instant at which so many ticks are due here, whoever is to bid for them; ms. */
  of(ticks: number): number {
    return Math.min(this.neededMs(ticks), MAX_LEAD_MS);
  }

  /** The same without an upper bound. */
  neededMs(ticks: number): number {
    return Math.max(this.leastMs, this.expectedMs(ticks) * (1 + SPARE_SHARE));
  }

  /** The first bids of such an instant have their answers. */
  noteBid(ticks: number, tookMs: number): void {
    const size = sizeOf(ticks);
    const before = this.tookMs[size];
    const isLonger = before === undefined || tookMs > before;
    this.tookMs[size] = isLonger ? tookMs : before + (tookMs - before) * DECAY;
  }

  /** They were not won, which may be because nodes found them early. */
  noteRefusal(ticks: number): void {
    this.tookMs[sizeOf(ticks)] = this.expectedMs(ticks) / 2;
  }

  /** By the bids of as many ticks, else by those of the next smaller number. */
  private expectedMs(ticks: number): number {
    for (let size = sizeOf(ticks); size >= 0; size -= 1) {
      const tookMs = this.tookMs[size];
      if (tookMs === undefined) continue;
      const more = size === sizeOf(ticks) ? 0 : ticks - 2 ** size;
      return tookMs + more * FIRST_GUESS_MS;
    }
    return ticks * FIRST_GUESS_MS;
  }
}

function sizeOf(ticks: number): number {
  return Math.floor(Math.log2(Math.max(1, ticks)));
}
