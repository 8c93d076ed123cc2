/**
 * How many ticks this instance bids for at once: all that are due, until bids come back too late to count. An adaptive
 * concurrency limit with multiplicative decrease (Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion
 * avoidance", 1989). The increase doubles as in the slow start of TCP, since a burst of seconds must not cost minutes.
 */

const GROWTH = 2;
/** After a portion of which nothing was in time. */
const CUT = 0.5;

/** Above this there is no limit: more ticks than that have never been due at once. */
const NO_LIMIT_ABOVE = 100_000;

export class Admission {
  private limit = Number.POSITIVE_INFINITY;
  private underWay = 0;

  /** So many may be bid for now; at least one where no bid is under way. */
  get room(): number {
    return Math.max(this.underWay === 0 ? 1 : 0, Math.floor(this.limit) - this.underWay);
  }

  /** Whether a limit stands. */
  get isLimited(): boolean {
    return this.limit !== Number.POSITIVE_INFINITY;
  }

  began(bids: number): void {
    this.underWay += bids;
  }

  /** @param late of these bids, those whose answers came too late to count */
  ended(bids: number, late: number): void {
    this.underWay -= bids;
    if (late > 0) this.limit = Math.max(1, Math.min(this.limit, late === bids ? bids * CUT : bids - late));
    else if (bids >= Math.floor(this.limit)) this.limit *= GROWTH;
    if (this.limit > NO_LIMIT_ABOVE) this.limit = Number.POSITIVE_INFINITY;
  }
}
