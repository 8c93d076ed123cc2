/**
 * Cluster time: what the nodes' clocks agree on, read from replies that were wanted anyway.
 *
 * Per node the shortest round trip counts (Cristian), over the nodes the *median*: a maximum follows the fastest clock.
 * Slewed, never stepped back once synchronised; without answers it runs on the monotonic clock.
 */

import type { Clock, TimeSample } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import type { StopSignal } from '../contract/stop.js';

/** Samples kept per node; the one with the shortest round trip is believed. */
const SAMPLES_PER_NODE = 8;

/** A sample older than this is not believed any more: clocks drift apart meanwhile. */
const SAMPLE_LIFETIME_MS = 30_000;

/** Two samples of one node further apart than their round trips allow, plus this, mean that its clock stepped. */
const STEP_TOLERANCE_MS = 5;

/** Small corrections take 5 % of elapsed time, large steps back nearly all. Large steps forward are taken at once. */
const SLEW_RATE = 0.05;
const FAST_SLEW_RATE = 0.95;
const FAST_SLEW_ABOVE_MS = 200;
const STEP_FORWARD_ABOVE_MS = 1_000;

/** The first agreement waits this long for unheard nodes: two of three may be a bad pair. */
const FIRST_SYNC_PATIENCE_MS = 200;

/** A double holds epoch ms to a quarter microsecond: without this a sleeper wakes too early, again and again. */
const ROUNDING_MS = 0.001;

interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly receivedMs: number;
}

/** How the clock stands, for health and metrics. */
export interface ClusterClockStatus {
  /** A majority of nodes has been heard at least once. Before that, time is this machine's wall clock. */
  readonly synchronised: boolean;
  /** This machine's wall clock minus cluster time. */
  readonly skewMs: number;
  /** Half the round trip of the worst sample that counts: a bound of the error. */
  readonly errorMs: number;
  /** It stands nearly still until the nodes, whose clocks were set back, have made up for so much; 0 for none. */
  readonly aheadMs: number;
}

export class ClusterClock {
  private readonly samples: Sample[][];
  private readonly quorum: number;
  /** Cluster time = monotonic time + offset. */
  private offsetMs: number;
  private offsetReadAtMs: number;
  private targetOffsetMs: number;
  private errorMs = 0;
  private firstHeardMs: number | undefined;
  private isSynchronised = false;
  /** By instant of cluster time. */
  private readonly exactWakes = new Map<number, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    nodes: number,
  ) {
    this.samples = Array.from({ length: nodes }, () => []);
    this.quorum = quorumOf(nodes);
    this.offsetReadAtMs = clock.monotonicMs();
    this.offsetMs = clock.wallMs() - this.offsetReadAtMs;
    this.targetOffsetMs = this.offsetMs;
  }

  /** Takes a sample in. Call it for every reply that carries the node's TIME. */
  observe(sample: TimeSample): void {
    const kept = this.samples[sample.node];
    if (kept === undefined || sample.receivedMs < sample.sentMs) return;
    const taken: Sample = {
      offsetMs: sample.nodeTimeMs - (sample.sentMs + sample.receivedMs) / 2,
      roundTripMs: sample.receivedMs - sample.sentMs,
      receivedMs: sample.receivedMs,
    };
    const best = bestOf(kept);
    if (best !== undefined && haveStepped(best, taken)) kept.length = 0;
    kept.push(taken);
    if (kept.length > SAMPLES_PER_NODE) kept.shift();
    this.aim();
  }

  /** Cluster time, epoch ms. Never steps back once synchronised. */
  nowMs(): number {
    return this.clock.monotonicMs() + this.readOffset();
  }

  /** The monotonic instant of this process at which cluster time will be `clusterMs`, by today's estimate. */
  toMonotonicMs(clusterMs: number): number {
    return clusterMs - this.readOffset() + ROUNDING_MS;
  }

  /** Resolves when cluster time has reached `clusterMs`, or early when `signal` aborts. */
  async sleepUntil(clusterMs: number, signal?: StopSignal): Promise<void> {
    // A loop, since cluster time is slewed during the sleep and a timer may fire early.
    while (this.nowMs() < clusterMs && signal?.aborted !== true) {
      await this.clock.sleepUntil(this.toMonotonicMs(clusterMs), signal);
    }
  }

  /** The same to a fraction of a millisecond: for the start of a tick. All ticks of an instant wake together, in the order of their calls. */
  wakeExactlyAt(clusterMs: number): Promise<void> {
    const known = this.exactWakes.get(clusterMs);
    if (known !== undefined) return known;
    const wake = this.walkTo(clusterMs);
    this.exactWakes.set(clusterMs, wake);
    void wake.then(() => this.exactWakes.delete(clusterMs));
    return wake;
  }

  private async walkTo(clusterMs: number): Promise<void> {
    while (this.nowMs() < clusterMs) await this.clock.wakeExactlyAt(this.toMonotonicMs(clusterMs));
  }

  get synchronised(): boolean {
    return this.isSynchronised;
  }

  status(): ClusterClockStatus {
    return {
      synchronised: this.isSynchronised,
      skewMs: this.clock.wallMs() - this.nowMs(),
      errorMs: this.errorMs,
      aheadMs: Math.max(0, this.readOffset() - this.targetOffsetMs),
    };
  }

  /** Sets the offset to slew towards, from the nodes that were heard lately. */
  private aim(): void {
    const oldestMs = this.clock.monotonicMs() - SAMPLE_LIFETIME_MS;
    const heard: Sample[] = [];
    for (const kept of this.samples) {
      const best = bestOf(kept.filter((sample) => sample.receivedMs >= oldestMs));
      if (best !== undefined) heard.push(best);
    }
    // Fewer than a majority could be the odd ones out: hold over on the monotonic clock.
    if (heard.length < this.quorum) return;
    const nowMs = this.clock.monotonicMs();
    this.firstHeardMs ??= nowMs;
    const isWaiting =
      heard.length < this.samples.length && nowMs - this.firstHeardMs < FIRST_SYNC_PATIENCE_MS;
    if (!this.isSynchronised && isWaiting) return;
    this.readOffset();
    this.targetOffsetMs = medianOf(heard.map((sample) => sample.offsetMs));
    this.errorMs = Math.max(...heard.map((sample) => sample.roundTripMs)) / 2;
    // The first agreement may step either way: nothing has been claimed by this clock yet.
    if (!this.isSynchronised || this.targetOffsetMs - this.offsetMs > STEP_FORWARD_ABOVE_MS) {
      this.offsetMs = this.targetOffsetMs;
      this.isSynchronised = true;
    }
  }

  private readOffset(): number {
    const nowMs = this.clock.monotonicMs();
    const elapsedMs = nowMs - this.offsetReadAtMs;
    const missingMs = this.targetOffsetMs - this.offsetMs;
    const rate = Math.abs(missingMs) > FAST_SLEW_ABOVE_MS ? FAST_SLEW_RATE : SLEW_RATE;
    const slewMs = Math.min(Math.abs(missingMs), elapsedMs * rate);
    this.offsetMs += Math.sign(missingMs) * slewMs;
    this.offsetReadAtMs = nowMs;
    return this.offsetMs;
  }
}

function bestOf(samples: readonly Sample[]): Sample | undefined {
  let best: Sample | undefined;
  for (const sample of samples) {
    if (best === undefined || sample.roundTripMs < best.roundTripMs) best = sample;
  }
  return best;
}

function haveStepped(one: Sample, other: Sample): boolean {
  const explainedMs = (one.roundTripMs + other.roundTripMs) / 2 + STEP_TOLERANCE_MS;
  return Math.abs(one.offsetMs - other.offsetMs) > explainedMs;
}

/** The median; of an even number the lower of the two in the middle, so that it is always a real node's clock. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
