import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';

interface Act {
  /** After the first due tick. In the middle of a second, when every replica is idle. */
  readonly afterMs: number;
  readonly title: string;
  perform(cluster: Cluster): void | Promise<void>;
}

const FAULTS: readonly Act[] = [
  { afterMs: 8_400, title: 'kill -9 of the busiest replica', perform: (all) => all.killBusiest() },
  { afterMs: 13_400, title: 'another replica is stopped for 3 s', perform: (all) => all.pauseBusiest(3_000) },
  { afterMs: 18_400, title: 'a Redis master is killed', perform: (all) => all.stopNode() },
  { afterMs: 23_400, title: 'all come back, Redis with nothing in it', perform: (all) => all.bringAllBack() },
];

const WITH_FAULTS_MS = 29_000;
const WITHOUT_FAULTS_MS = 9_000;

/** The faults of the showcase, in the order in which they happen. */
export class Story {
  private readonly acts: readonly Act[];
  readonly lengthMs: number;

  /** A single replica on the memory backend has nobody to take over, so it is left in peace. */
  constructor(
    private readonly cluster: Cluster,
    private readonly firstTick: number,
  ) {
    const together = cluster.nodes.length > 0;
    this.acts = together ? FAULTS : [];
    this.lengthMs = together ? WITH_FAULTS_MS : WITHOUT_FAULTS_MS;
  }

  /** Resolves when the last act is over; rejects when `signal` aborts. */
  async play(signal: AbortSignal): Promise<void> {
    for (const act of this.acts) {
      await sleep(Math.max(0, this.firstTick + act.afterMs - Date.now()), undefined, { signal });
      await act.perform(this.cluster);
    }
    await sleep(Math.max(0, this.firstTick + this.lengthMs - Date.now()), undefined, { signal });
  }

  /** What comes next, as the last line of the picture. */
  hint(nowMs: number): string {
    const next = this.acts.find((act) => this.firstTick + act.afterMs > nowMs);
    const untilMs = this.firstTick + (next?.afterMs ?? this.lengthMs) - nowMs;
    return `in ${Math.max(0, Math.ceil(untilMs / 1_000))} s: ${next?.title ?? 'the end, and the proof'}`;
  }
}
