/**
 * How long a call to a node is waited for: `nodeTimeoutMs`, and longer while a majority is known to answer later than that.
 * Otherwise a store that is slow for everybody has no voters, and each call that is given up is followed by another one.
 *
 * Smoothed time plus four times its variation, the retransmission timer of TCP (Jacobson, "Congestion avoidance and control", 1988;
 * RFC 6298). A node that does not answer tells nothing: what hangs is waited for no longer than before.
 */

import { quorumOf } from '../contract/quorum.js';

/** Weight of a new answer in the mean, and in the variation around it. */
const MEAN_WEIGHT = 1 / 8;
const VARIATION_WEIGHT = 1 / 4;
const VARIATIONS = 4;

interface Bounds {
  readonly leastMs: number;
  /** A call that takes longer could cost a lease that is renewed by it. */
  readonly mostMs: number;
}

/** For all nodes together: every step of a tick waits for the last of them, so one slow node must not slow the others down. */
export class CallPatience {
  private readonly nodes: readonly ResponseTimes[];

  constructor(
    nodes: number,
    private readonly bounds: Bounds,
  ) {
    this.nodes = Array.from({ length: nodes }, () => new ResponseTimes());
  }

  /** A node has answered, in time or not. */
  answered(node: number, tookMs: number): void {
    this.nodes[node]?.add(tookMs);
  }

  /** A majority answers later than the option allows for. */
  get isStretched(): boolean {
    return this.timeoutMs > this.bounds.leastMs;
  }

  /** What a majority of the nodes needs, within the bounds. */
  get timeoutMs(): number {
    const { leastMs, mostMs } = this.bounds;
    const needed = this.nodes.map(({ neededMs }) => neededMs).sort((one, other) => one - other);
    const neededMs = needed[quorumOf(needed.length) - 1] ?? 0;
    return Math.min(Math.max(neededMs, leastMs), Math.max(mostMs, leastMs));
  }
}

class ResponseTimes {
  private meanMs: number | undefined;
  private variationMs = 0;

  add(tookMs: number): void {
    if (this.meanMs === undefined) {
      this.meanMs = tookMs;
      this.variationMs = tookMs / 2;
      return;
    }
    this.variationMs += VARIATION_WEIGHT * (Math.abs(this.meanMs - tookMs) - this.variationMs);
    this.meanMs += MEAN_WEIGHT * (tookMs - this.meanMs);
  }

  /** 0 for a node that has never answered: nothing is known of it. */
  get neededMs(): number {
    return (this.meanMs ?? 0) + VARIATIONS * this.variationMs;
  }
}
