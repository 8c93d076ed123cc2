/** One run of the counter test: faults for a while, then the account. */

import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../../libs/distributed-schedule/src/testing/seeded-random.js';
import { type Account, accountOf } from './counter-account.js';
import { HAZARDS, type Hazard } from './counter-hazards.js';
import { CounterScene, type Slot } from './counter-scene.js';

export interface CounterRun extends Account {
  /** Faults that were seen to take effect, by kind. */
  readonly faults: ReadonlyMap<string, number>;
  /** How attempts have ended, by task. */
  readonly endings: ReadonlyMap<string, number>;
  /** What makes the run void. */
  readonly troubles: readonly string[];
}

const LONGEST_GAP_MS = 1_200;

export async function runCounter({ seed, forMs }: { seed: number; forMs: number }): Promise<CounterRun> {
  const scene = await CounterScene.open(seed);
  const faults = new Map<string, number>();
  const endMs = performance.now() + forMs;
  try {
    // Two replicas suffer at a time, each from its own string of faults; the third is left alone.
    const strings = scene.slots.slice(1).map((slot) => haunt(scene, slot, seed + slot.index, endMs, faults));
    await Promise.all(strings);
    await scene.end();
    const account = await accountOf(scene.postgres.pool());
    return { ...account, faults, endings: scene.endings, troubles: scene.troubles };
  } finally {
    await scene.close();
  }
}

async function haunt(
  scene: CounterScene,
  slot: Slot,
  seed: number,
  endMs: number,
  faults: Map<string, number>,
): Promise<void> {
  const random = new SeededRandom(seed);
  let left: Hazard[] = [];
  while (performance.now() < endMs) {
    await sleep(random.next() * LONGEST_GAP_MS);
    // Each once, in another order every time: a short run must not be spared one of them by chance.
    if (left.length === 0) left = [...HAZARDS];
    const [hazard] = left.splice(Math.floor(random.next() * left.length), 1);
    if (hazard === undefined) continue;
    const hasStruck = await hazard.strike(scene, slot, random);
    if (hasStruck) faults.set(hazard.kind, (faults.get(hazard.kind) ?? 0) + 1);
  }
}
