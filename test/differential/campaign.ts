/** Many sequences of random operations, until one shows a difference. */

import fc from 'fast-check';
import { ClockShim } from '../support/clock-shim/clock-shim.js';
import type { Operation } from './operation.js';
import { Difference, Pair } from './pair.js';
import { randomOperation } from './random-operation.js';

export interface CampaignOptions {
  readonly operations: number;
  readonly seed: number;
  /** Whether a failing sequence is made as short as possible. */
  readonly shrinks?: boolean;
  /** Leaves the server's clock alone, as where there is no C compiler. */
  readonly realClock?: boolean;
}

export interface Failure {
  readonly message: string;
  /** How many operations had been run until then. */
  readonly operations: number;
  /** The shortest sequence that was found, in words, with the answers. */
  readonly story: readonly string[];
}

export interface CampaignResult {
  readonly server: string;
  readonly isClockSet: boolean;
  readonly operations: number;
  /** How often each word was said, and each thing happened. */
  readonly seen: ReadonlyMap<string, number>;
  readonly failure: Failure | undefined;
}

const MEAN_LENGTH = 100;
const SHORTEN_FOR_MS = 60_000;
/** Real time may end: waiting for a lock or a floor. */
const WITHOUT_CLOCK_SHARE = 0.05;

/** An ordinary day, and one far enough ahead that its ms have 15 digits: Lua writes only 14 by itself. */
const EPOCHS_MS = [Date.UTC(2031, 4, 5), Date.UTC(2031, 4, 5), Date.UTC(5200, 0, 1)];

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const shim = options.realClock === true ? undefined : await ClockShim.build();
  const campaign = new Campaign(options, shim);
  try {
    return await campaign.run();
  } finally {
    shim?.close();
  }
}

class Campaign {
  private readonly seen = new Map<string, number>();
  private story: string[] = [];
  private operations = 0;

  constructor(
    private readonly options: CampaignOptions,
    private readonly shim: ClockShim | undefined,
  ) {}

  async run(): Promise<CampaignResult> {
    const pair = await Pair.start(this.shim, {
      onWord: (word) => this.seen.set(word, (this.seen.get(word) ?? 0) + 1),
      onStep: (line) => this.story.push(line),
    });
    try {
      const server = await pair.real.version();
      const failure = await this.search(pair);
      return {
        server,
        isClockSet: this.shim !== undefined,
        operations: this.operations,
        seen: this.seen,
        failure,
      };
    } finally {
      await pair.stop();
    }
  }

  private async search(pair: Pair): Promise<Failure | undefined> {
    const { seed } = this.options;
    // In real time each try would take as long as the first.
    const shrinks = this.shim !== undefined && (this.options.shrinks ?? true);
    let failure: Failure | undefined;
    let shortenUntilMs = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(
      fc.constantFrom(...EPOCHS_MS),
      fc.array(randomOperation, { maxLength: 2 * MEAN_LENGTH, size: 'max' }),
      async (epochMs, operations) => {
        if (performance.now() > shortenUntilMs) return;
        try {
          await this.play(pair, epochMs, operations);
        } catch (error) {
          if (!(error instanceof Difference)) throw error;
          if (failure === undefined) shortenUntilMs = performance.now() + SHORTEN_FOR_MS;
          // A later failure is a shorter one.
          const atOperation = failure?.operations ?? this.operations;
          failure = { message: error.message, operations: atOperation, story: this.story };
          throw error;
        }
      },
    );
    const numRuns = Math.ceil((this.options.operations * this.share()) / MEAN_LENGTH);
    const result = await fc.check(property, { seed, numRuns, endOnFailure: !shrinks });
    if (result.failed && failure === undefined) throw result.errorInstance;
    return failure;
  }

  private async play(pair: Pair, epochMs: number, operations: readonly Operation[]): Promise<void> {
    this.story = [];
    await pair.reset(epochMs);
    for (const one of operations) {
      this.operations += 1;
      await pair.run(one);
    }
  }

  private share(): number {
    return this.shim === undefined ? WITHOUT_CLOCK_SHARE : 1;
  }
}
