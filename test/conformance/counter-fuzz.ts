/**
 * The bluntest proof of exclusion: a counter that several contenders read, await and write. Whenever two of them are in
 * there at once, an increment is lost. Contention only, no waiting: the contenders alternate at every `await`.
 */

import type { LockProvider, TickLedger } from '#src/protocol/contract/ports.js';
import type { SeededRandom } from '#src/testing/seeded-random.js';

export interface Count {
  /** How often somebody added one. */
  readonly added: number;
  /** What the counter shows. Less, where two were in there at once. */
  readonly counter: number;
}

class UnprotectedCounter {
  private value = 0;
  private added = 0;

  async add(): Promise<void> {
    const read = this.value;
    await breathe();
    this.value = read + 1;
    this.added += 1;
  }

  read(): Count {
    return { added: this.added, counter: this.value };
  }
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Each contender adds so often, each time under the run lock of the task. */
export async function countUnderLock(
  contenders: readonly LockProvider[],
  times: number,
  task: string,
  ttlMs: number,
): Promise<Count> {
  const counter = new UnprotectedCounter();
  const contend = async (locks: LockProvider): Promise<void> => {
    for (let added = 0; added < times; ) {
      const [verdict] = await locks.tryAcquire([task], ttlMs);
      if (verdict?.kind !== 'acquired') {
        await breathe();
        continue;
      }
      await counter.add();
      added += 1;
      await locks.release([verdict.lock]);
    }
  };
  await Promise.all(contenders.map(contend));
  return counter.read();
}

export interface TickFuzz {
  readonly task: string;
  readonly ticks: number;
  readonly random: SeededRandom;
  nowMs(): Promise<number>;
  /** Called before each tick. */
  disturb(tick: number): Promise<void>;
}

export interface TickCount extends Count {
  /** How often each tick that ran at all did so. */
  readonly runs: ReadonlyMap<number, number>;
  readonly givenBack: number;
}

/** Share of the wins whose owner then decides not to run, and gives the tick back. */
const CHANGES_OF_MIND = 0.2;
/** Bids of one contender for one tick. Each has a claim id of its own, and is sent twice. */
const BIDS = 3;
const LATENESS_MS = 30_000;

/** All contenders bid for each tick, and who wins adds one. */
export async function countPerTick(contenders: readonly TickLedger[], fuzz: TickFuzz): Promise<TickCount> {
  const counter = new UnprotectedCounter();
  const runs = new Map<number, number>();
  let givenBack = 0;
  const bid = async (ledger: TickLedger, tick: number): Promise<void> => {
    for (let bids = 0; bids < BIDS; bids += 1) {
      const claim = {
        task: fuzz.task,
        tick,
        claimId: `bidder:${fuzz.random.id()}`,
        maxLatenessMs: LATENESS_MS,
      };
      const [, again] = await Promise.all([ledger.claim([claim]), ledger.claim([claim])]);
      const isWon = again[0]?.kind === 'won';
      if (isWon && fuzz.random.next() >= CHANGES_OF_MIND) {
        runs.set(tick, (runs.get(tick) ?? 0) + 1);
        await counter.add();
        return;
      }
      if (isWon) givenBack += 1;
      await ledger.giveBack([claim]);
    }
  };
  let tick = 0;
  for (let round = 0; round < fuzz.ticks; round += 1) {
    tick = Math.max(tick + 1, await fuzz.nowMs());
    await fuzz.disturb(round);
    const bidders = contenders.filter(() => fuzz.random.next() < 0.8);
    await Promise.all(bidders.map((ledger) => bid(ledger, tick)));
  }
  return { ...counter.read(), runs, givenBack };
}
