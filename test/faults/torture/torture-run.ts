/**
 * One run of the torture: sets of real masters, replicas in processes of their own that all bid for every tick, and
 * losses of memory right after grants. The judge is a file to which every start is appended.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { ClockShim } from '../../support/clock-shim/clock-shim.js';
import { CLOCK_UNAVAILABLE } from '../../support/faults/replica-clock.js';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import { removeFolder, temporaryFolder } from '../../support/leftovers.js';
import { leadElsewhereOnGrants } from './fork-striker.js';
import { Master } from './master.js';
import type { SetAddress } from './messages.js';
import { ReplicaProcess } from './replica-process.js';
import { StartRecord } from './start-record.js';
import { storyOf } from './story.js';
import { type Loss, type StrikerParts, stepClocksOnGrants, strikeOnGrants } from './striker.js';
import type { TortureResult, TortureSettings } from './terms.js';
import { VoteBook } from './vote-book.js';

interface TorturedSet {
  readonly set: string;
  readonly masters: readonly Master[];
  readonly strike: (parts: StrikerParts) => Promise<void>;
  /** The other servers of the same names, and each replica's way to each name, where there are such. */
  readonly twins?: readonly Master[];
  readonly ways?: readonly (readonly ProxyLink[])[];
}

const LOOK_EVERY_MS = 250;

/** Judges whatever was recorded, also when the run came to an early end. */
export async function runTorture(settings: TortureSettings): Promise<TortureResult> {
  const run = new TortureRun(settings);
  try {
    return await run.result();
  } finally {
    await run.end();
  }
}

class TortureRun {
  private readonly directory = temporaryFolder('torture');
  private readonly recordFile = join(this.directory, 'starts.jsonl');
  private readonly record = new StartRecord(this.recordFile);
  private readonly votes = new VoteBook();
  private readonly losses: Loss[] = [];
  private readonly troubles: string[] = [];
  private readonly stopping = new AbortController();
  private readonly sets: TorturedSet[] = [];
  private readonly replicas: ReplicaProcess[] = [];
  private proxies: ProxyHost | undefined;

  constructor(private readonly settings: TortureSettings) {}

  async result(): Promise<TortureResult> {
    const { sets, steppingSets, forkedSets, replicas } = this.settings;
    for (const count of sets) await this.startSet(count);
    for (const count of steppingSets) await this.startSteppingSet(count);
    for (const count of forkedSets) await this.startForkedSet(count);
    for (let number = 1; number <= replicas; number += 1) this.startReplica(number);
    await Promise.all(this.replicas.map(({ ready }) => ready));
    const startedMs = performance.now();
    await Promise.all([...this.sets.map((set, index) => this.strikeAt(set, index)), this.watch(startedMs)]);
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    const starts = this.record.read();
    const doubled = this.record.doubled();
    return {
      doubled,
      stories: doubled.map((twice) => storyOf(twice, this.votes, this.losses)),
      startedTicks: starts.size,
      contestedTicks: this.votes.contested,
      losses: this.losses,
      refusals: this.votes.forgottenAndRefused(starts),
      troubles: this.troubles,
      tookMs: performance.now() - startedMs,
    };
  }

  async end(): Promise<void> {
    this.stopping.abort();
    for (const replica of this.replicas) replica.kill();
    const masters = this.sets.flatMap(({ masters, twins = [] }) => [...masters, ...twins]);
    await Promise.all(masters.map((master) => master.stop()));
    await this.proxies?.close();
    this.record.close();
    removeFolder(this.directory);
  }

  private async startSet(count: number): Promise<void> {
    const masters = await Promise.all(Array.from({ length: count }, () => Master.start()));
    this.addSet(masters, strikeOnGrants);
  }

  private async startSteppingSet(count: number): Promise<void> {
    const built = await Promise.all(Array.from({ length: count }, () => ClockShim.build()));
    const clocks = built.filter((clock) => clock !== undefined);
    if (clocks.length < count) {
      for (const clock of clocks) clock.close();
      process.stderr.write(`!! NO SET WHOSE CLOCKS STEP: ${CLOCK_UNAVAILABLE}\n`);
      return;
    }
    const masters = await Promise.all(clocks.map((clock) => Master.start(clock)));
    this.addSet(masters, stepClocksOnGrants);
  }

  private async startForkedSet(count: number): Promise<void> {
    this.proxies ??= ProxyHost.open();
    const { proxies } = this;
    const both = Array.from({ length: count }, () => Promise.all([Master.start(), Master.start()]));
    const pairs = await Promise.all(both);
    const [masters, twins] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
    const ways = await Promise.all(
      Array.from({ length: this.settings.replicas }, () =>
        Promise.all(masters.map(({ url }) => proxies.link(url))),
      ),
    );
    this.addSet(masters, (parts) => leadElsewhereOnGrants({ ...parts, twins, ways }), { twins, ways });
  }

  private addSet(
    masters: readonly Master[],
    strike: TorturedSet['strike'],
    more: Pick<TorturedSet, 'twins' | 'ways'> = {},
  ): void {
    this.sets.push({ set: `set-${this.sets.length + 1}`, masters, strike, ...more });
  }

  private startReplica(number: number): void {
    const plan = {
      replica: `replica-${number}`,
      seed: this.settings.seed + 1_000 * number,
      sets: this.sets.map((one) => addressFor(one, number - 1)),
      recordFile: this.recordFile,
    };
    const onTrouble = (what: string): unknown => this.troubles.push(what);
    this.replicas.push(new ReplicaProcess(plan, { onVote: (vote) => this.votes.add(vote), onTrouble }));
  }

  private async strikeAt({ set, masters, strike }: TorturedSet, index: number): Promise<void> {
    try {
      await strike({
        set,
        masters,
        votes: this.votes,
        random: new SeededRandom(this.settings.seed + index),
        stopped: this.stopping.signal,
        onLoss: (loss) => this.losses.push(loss),
      });
    } catch (error) {
      this.troubles.push(`${set}: ${String(error)}`);
    }
  }

  /** Stops the strikers when there was enough. */
  private async watch(startedMs: number): Promise<void> {
    const { contestedTicks, losses, mostMs, untilDoubled } = this.settings;
    while (!this.stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS);
      const isEnough = this.votes.contested >= contestedTicks && this.losses.length >= losses;
      const isOver = performance.now() - startedMs > mostMs || this.troubles.length > 0;
      if (isEnough || isOver || (untilDoubled && this.record.doubled().length > 0)) break;
    }
    this.stopping.abort();
  }
}

function addressFor({ set, masters, ways }: TorturedSet, replica: number): SetAddress {
  const own = ways?.[replica];
  return {
    set,
    urls: masters.map(({ url }) => url),
    ...(own !== undefined && { ways: own.map(({ port }) => port) }),
  };
}
