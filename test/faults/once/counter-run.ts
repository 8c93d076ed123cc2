/** One run of the counter test: faults for a while, then the account. */

import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { type Account, accountOf, ticksDone } from './counter-account.js';
import { HAZARDS, type Hazard } from './counter-hazards.js';
import { CounterScene, type Slot } from './counter-scene.js';
import { accountOfTicks, type TickAccount } from './tick-account.js';

export interface CounterRun extends Account {
  /** Faults that were seen to take effect, by kind. */
  readonly faults: ReadonlyMap<string, number>;
  /** How attempts have ended, by task. */
  readonly endings: ReadonlyMap<string, number>;
  readonly ticks: TickAccount;
  /** What makes the run void. */
  readonly troubles: readonly string[];
}

const MAX_GAP_MS = 1_200;
/** Nobody tells of the ticks of the first seconds: instances audit what is due when they have been there for a lease and two seconds. */
const UNAUDITED_MS = 6_000;
/** What is left open when the faults end is retaken, or told. */
const ANSWERED_WITHIN_MS = 40_000;
const LOOK_EVERY_MS = 500;

export interface CounterOptions {
  readonly seed: number;
  readonly forMs: number;
  /** Whether attempts are repeated by a consumer as well, and not by the scheduler alone. */
  readonly repeats: boolean;
}

export async function runCounter({ seed, forMs, repeats }: CounterOptions): Promise<CounterRun> {
  const scene = await CounterScene.open({ seed, repeats });
  const faults = new Map<string, number>();
  const firstMs = Date.now() + UNAUDITED_MS;
  const endMs = performance.now() + forMs;
  try {
    // Two replicas suffer at a time, each from its own string of faults; the third is left alone.
    const strings = scene.slots.slice(1).map((slot) => haunt(scene, slot, seed + slot.index, endMs, faults));
    await Promise.all(strings);
    const ticks = await untilAnswered(scene, { firstMs, lastMs: Date.now() });
    await scene.end();
    const account = await accountOf(scene.postgres.pool());
    return { ...account, ticks, faults, endings: scene.endings, troubles: scene.troubles };
  } finally {
    await scene.close();
  }
}

/** Resolves to the account when every tick is answered for, or to what it is when the time is up. */
async function untilAnswered(
  scene: CounterScene,
  window: { readonly firstMs: number; readonly lastMs: number },
): Promise<TickAccount> {
  const pool = scene.postgres.pool({ max: 1 });
  const giveUpMs = performance.now() + ANSWERED_WITHIN_MS;
  for (;;) {
    const account = accountOfTicks(await ticksDone(pool), scene.tellings, window);
    if (account.untold.length === 0 || performance.now() > giveUpMs) return account;
    await sleep(LOOK_EVERY_MS);
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
    await sleep(random.next() * MAX_GAP_MS);
    // Each once, in another order every time: a short run must not be spared one of them by chance.
    if (left.length === 0) left = [...HAZARDS];
    const [hazard] = left.splice(Math.floor(random.next() * left.length), 1);
    if (hazard === undefined) continue;
    const hasStruck = await hazard.strike(scene, slot, random);
    if (hasStruck) faults.set(hazard.kind, (faults.get(hazard.kind) ?? 0) + 1);
  }
}
