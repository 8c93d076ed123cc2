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
  /** Cluster time by this instance, epoch ms, at each look. */
  readonly looks: { readonly atMs: number; readonly clusterMs: number }[];
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

  /** True time, ms, before which this instance did not believe that it was so late. */
  reachedAfterMs(instance: Instance, clusterMs: number): number {
    const looks = this.beliefs.get(instance)?.looks ?? [];
    const first = looks.findIndex((one) => one.clusterMs >= clusterMs);
    return first < 0 ? this.time.nowMs : (looks[first - 1]?.atMs ?? Number.NEGATIVE_INFINITY);
  }

  private look(instance: Instance): void {
    const { clusterClock, machine } = instance;
    const clusterMs = clusterClock.nowMs();
    const atMs = this.time.nowMs;
    const differsByMs = clusterMs - EPOCH_MS - atMs;
    const { suspensions } = machine;
    const belief = this.beliefs.get(instance);
    if (belief === undefined) {
      this.beliefs.set(instance, {
        usualMs: differsByMs,
        suspensions,
        behindAtMs: Number.NEGATIVE_INFINITY,
        looks: [{ atMs, clusterMs }],
      });
      return;
    }
    belief.looks.push({ atMs, clusterMs });
    const mayBeBehind = belief.suspensions !== suspensions;
    if (mayBeBehind && differsByMs < belief.usualMs - DRIFT_MS) belief.behindAtMs = atMs;
    else Object.assign(belief, { usualMs: differsByMs, suspensions });
  }
}
