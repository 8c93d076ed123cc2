/** Whether a lock that nobody took back may still stand in the way of a tick. Pure. */

import type { Facts, Life, Span } from './incident.js';
import type { Outages } from './outages.js';

/** Every instance has a bid at 300 ms. A lock that was held until shortly before it accounts for the miss. */
export const LAST_BID_MS = 200;

/** A lock whose holder stands still or is cut off stands for its time to live. One tick of margin. */
export const LEFTOVER_MS = 4_000;

/** A lock whose holder's connections have ended is free after 150 ms of grace. Margin for the node to see that, and for a bid. */
const FREED_AFTER_DEATH_MS = 150 + 500;

export class LeftLocks {
  constructor(
    private readonly facts: Facts,
    private readonly outages: Outages,
  ) {}

  /** What kept that instance from giving its lock back in time for the tick. SIGTERM does not. */
  whyLeft(life: Life, dueMs: number, span: Span): string | undefined {
    if (life.goneMs <= span.toMs && !life.isGraceful) return this.whyDeathCounts(life, dueMs, span);
    return this.outages.whatHit(life.replica, { fromMs: span.fromMs - LEFTOVER_MS, toMs: span.toMs });
  }

  /** The same for an instance that was in the middle of a run: one that is asked to end may have to leave it. */
  whyRunLeft(life: Life, dueMs: number, span: Span): string | undefined {
    return this.whyLeft(life, dueMs, span) ?? this.whyDeathCounts(life, dueMs, span);
  }

  private whyDeathCounts({ replica, goneMs }: Life, dueMs: number, span: Span): string | undefined {
    if (goneMs > span.toMs) return undefined;
    const standsMs = this.isEndSeen(replica, goneMs, span) ? FREED_AFTER_DEATH_MS : LEFTOVER_MS;
    return goneMs + standsMs > dueMs + LAST_BID_MS ? 'died' : undefined;
  }

  /** A majority of nodes saw its connections end, as far as somebody who could bid reached them. */
  private isEndSeen(replica: string, goneMs: number, span: Span): boolean {
    const unseen = this.outages.nodesAway(replica, { fromMs: goneMs, toMs: goneMs });
    return this.outages.able(span).some((bidder) => {
      const blocked = new Set([...unseen.keys(), ...this.outages.nodesAway(bidder.replica, span).keys()]);
      return this.facts.nodes - blocked.size >= this.outages.majority;
    });
  }
}
