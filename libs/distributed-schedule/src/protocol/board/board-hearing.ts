/** When the nodes were heard, and what they said of themselves: whether our records, and theirs, may still be true. */

import type { Clock } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import { type ClockReading, elapsedMs, readClocks } from '../time/clock-reading.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import { FORGET_AFTER_MS, wasAway } from './board-absence.js';

/** `unknown`: too few have answered to tell. */
export type NodeVerdict = 'present' | 'away' | 'unknown';

/** How long the answer of one node waits for those of the others. */
const JUDGED_WITHIN_MS = 200;
const LOOK_EVERY_MS = 20;

interface Heard {
  readonly sent: ClockReading;
  readonly inTouchMs: number;
}

export interface BoardHearingParts {
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs' | 'synchronised'>;
  readonly nodes: number;
}

export class BoardHearing {
  private readonly heard = new Map<number, Heard>();
  private since: ClockReading;
  private waiting = new AbortController();

  constructor(private readonly parts: BoardHearingParts) {
    this.since = readClocks(parts.clock);
  }

  /** No majority was heard for too long: a deletion may be forgotten. By both clocks, as one stands in a suspended machine. */
  get isTooOld(): boolean {
    return elapsedMs(this.majorityHeard, readClocks(this.parts.clock)) > FORGET_AFTER_MS;
  }

  /** What the nodes have told before counts no more. */
  readAnew(): void {
    this.heard.clear();
    this.since = readClocks(this.parts.clock);
  }

  /** @param sent when the node was asked: its answer may lie in a buffer while we are suspended */
  async judge(node: number, sent: ClockReading, inTouchMs: number): Promise<NodeVerdict> {
    this.heard.set(node, { sent, inTouchMs });
    if (this.isKnown) this.wakeAll();
    else await this.untilKnown();
    return this.verdictOn(node);
  }

  private verdictOn(node: number): NodeVerdict {
    const own = this.heard.get(node);
    if (own === undefined || !this.isKnown) return 'unknown';
    const others = [...this.heard].filter(([one]) => one !== node).map(([, { inTouchMs }]) => inTouchMs);
    return wasAway(own.inTouchMs, others, this.parts.clusterClock.nowMs()) ? 'away' : 'present';
  }

  /** True when a majority has answered: then cluster time is known, and one of them was there while others were away. */
  private get isKnown(): boolean {
    return this.parts.clusterClock.synchronised && this.heard.size >= quorumOf(this.parts.nodes);
  }

  private get majorityHeard(): ClockReading {
    const sent = [...this.heard.values()].map((heard) => heard.sent);
    sent.sort((one, other) => other.monotonicMs - one.monotonicMs);
    return sent[quorumOf(this.parts.nodes) - 1] ?? this.since;
  }

  private wakeAll(): void {
    this.waiting.abort('known');
    this.waiting = new AbortController();
  }

  private async untilKnown(): Promise<void> {
    const { clock } = this.parts;
    const untilMs = clock.monotonicMs() + JUDGED_WITHIN_MS;
    // In steps: that there is a cluster time is told by nobody.
    while (!this.isKnown && clock.monotonicMs() < untilMs) {
      await clock.sleepUntil(clock.monotonicMs() + LOOK_EVERY_MS, this.waiting.signal);
    }
  }
}
