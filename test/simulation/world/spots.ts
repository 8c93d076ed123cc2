/**
 * Where faults may strike that are promised to be harmless only at a minority of positions: names that come to mean another
 * server while the old one lives, and, in worlds with such names, losses of memory. Where a majority of names moves at once, the
 * instances behind the old and behind the new servers share no node that could know.
 */

export interface SpotPlan {
  readonly forkedFrom: number;
  readonly lossyFrom: number;
}

export class Spots {
  constructor(
    private readonly positions: number,
    private readonly plan: SpotPlan | undefined,
  ) {}

  /** Position of a name that may move; undefined where none may. */
  forked(nth: number): number | undefined {
    return this.plan === undefined ? undefined : this.among(this.plan.forkedFrom, nth);
  }

  /** Position whose servers may lose their memory; undefined where any may. */
  lossy(nth: number): number | undefined {
    return this.plan === undefined ? undefined : this.among(this.plan.lossyFrom, nth);
  }

  private among(from: number, nth: number): number | undefined {
    const minority = Math.floor((this.positions - 1) / 2);
    return minority === 0 ? undefined : (from + (nth % minority)) % this.positions;
  }
}
