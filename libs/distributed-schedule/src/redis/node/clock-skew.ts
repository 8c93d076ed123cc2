/** How far a node's clock is from this machine's: ticks follow the nodes' clocks, so a wrong one moves every task. */

import { spoken } from '../../protocol/contract/spoken.js';
import { ORDINARY_SKEW_MS } from '../../protocol/ledger/clock-set-back.js';

/** Measured a little differently each time, it is still the same, and is told once. */
const SAME_MS = 2_000;

export class ClockSkew {
  private skewMs: number | undefined;

  constructor(
    /** The skew from which on the node gives no vote; undefined: none. */
    private readonly refuseAboveMs: number | undefined,
  ) {}

  measured(nodeTimeMs: number, wallMs: number): void {
    const skewMs = nodeTimeMs - wallMs;
    if (this.skewMs === undefined || Math.abs(this.skewMs - skewMs) > SAME_MS) this.skewMs = skewMs;
  }

  /** Whether an answer that shows this is none: the next handshake says why. */
  isRefused(nodeTimeMs: number, wallMs: number): boolean {
    return this.refuseAboveMs !== undefined && Math.abs(nodeTimeMs - wallMs) > this.refuseAboveMs;
  }

  get refusal(): string | undefined {
    const { refuseAboveMs } = this;
    if (refuseAboveMs === undefined || Math.abs(this.skewMs ?? 0) <= refuseAboveMs) return undefined;
    return `${this.words()}, and refuseSkewMs allows ${refuseAboveMs} ms: set the clock right that is wrong`;
  }

  get oddities(): readonly string[] {
    return Math.abs(this.skewMs ?? 0) <= ORDINARY_SKEW_MS
      ? []
      : [`${this.words()}: ticks follow the clocks of the nodes; set the clock right that is wrong`];
  }

  private words(): string {
    const skewMs = this.skewMs ?? 0;
    return `its clock is ${spoken(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} that of this machine`;
  }
}
