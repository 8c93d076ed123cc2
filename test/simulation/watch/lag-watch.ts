/** Which instances believe that it is earlier than it is: their machines were suspended, and no reply has told them the time since. */

import { EPOCH_MS } from '../world/machine.js';
import type { Instance } from '../world/simulated-instance.js';
import type { VirtualTime } from '../world/virtual-time.js';

const LOOK_PERIOD_MS = 100;
/** Cluster time differs so much, ms, from one reply to the next: clocks of machines and servers drift, and answers take their time. */
const DRIFT_MS = 150;

interface Belief {
  /** Cluster time by this instance minus true time, ms, when it last knew. */
  usualMs: number;
  suspensions: number;
  behindAtMs: number;
}

export class LagWatch {
  private readonly beliefs = new Map<Instance, Belief>();

  constructor(
    private readonly time: VirtualTime,
    private readonly instances: readonly Instance[],
  ) {}

  watch(): void {
    for (const instance of this.instances) if (!instance.machine.isDead) this.look(instance);
    this.time.schedule(LOOK_PERIOD_MS, () => this.watch());
  }

  /** True time at which it was last seen to believe so; minus infinity where it never did. */
  behindAtMs(instance: Instance): number {
    return this.beliefs.get(instance)?.behindAtMs ?? Number.NEGATIVE_INFINITY;
  }

  private look(instance: Instance): void {
    const { clusterClock, machine } = instance;
    const differsByMs = clusterClock.nowMs() - EPOCH_MS - this.time.nowMs;
    const { suspensions } = machine;
    const belief = this.beliefs.get(instance);
    if (belief === undefined) {
      this.beliefs.set(instance, {
        usualMs: differsByMs,
        suspensions,
        behindAtMs: Number.NEGATIVE_INFINITY,
      });
      return;
    }
    const mayBeBehind = belief.suspensions !== suspensions;
    if (mayBeBehind && differsByMs < belief.usualMs - DRIFT_MS) belief.behindAtMs = this.time.nowMs;
    else Object.assign(belief, { usualMs: differsByMs, suspensions });
  }
}
