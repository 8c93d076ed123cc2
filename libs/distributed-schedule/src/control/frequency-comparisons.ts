/** Compares how often schedules are due, in slices: 64 ticks of two cron expressions can take half a second, and delay all bids. */

import type { Clock } from '../protocol/contract/ports.js';
import type { Schedule } from '../protocol/contract/tick-context.js';
import { type Comparison, compareFrequency } from '../protocol/schedules/frequency.js';

/** Computing without a pause: a single step may take longer. */
const SLICE_MS = 2;
const PAUSE_MS = 1;

export interface FrequencyQuestion {
  readonly name: string;
  /** Names what is compared; of one task only the newest pair counts. */
  readonly pair: string;
  readonly one: Schedule;
  readonly than: Schedule;
  readonly fromMs: number;
}

interface Case {
  readonly pair: string;
  readonly comparison: Comparison;
  isMore: boolean | undefined;
}

export class FrequencyComparisons {
  private readonly cases = new Map<string, Case>();
  private isWorking = false;

  /** @param onKnown told when there are answers that were not known before */
  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
    private readonly onKnown: () => void,
    private readonly stopped: AbortSignal,
  ) {}

  /** Whether `one` is due more often than the other. Undefined: not known yet, it is being looked at. */
  isMore({ name, pair, one, than, fromMs }: FrequencyQuestion): boolean | undefined {
    const known = this.cases.get(name);
    if (known?.pair === pair) return known.isMore;
    this.cases.set(name, { pair, comparison: compareFrequency(one, than, fromMs), isMore: undefined });
    void this.work();
    return undefined;
  }

  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    // Always asynchronous: the caller is making a plan, and an answer within the call would start another one.
    while (await this.mayGoOn()) {
      const open = [...this.cases.values()].filter(({ isMore }) => isMore === undefined);
      if (open.length === 0) break;
      if (this.advance(open)) this.onKnown();
    }
    this.isWorking = false;
  }

  /** Works for a slice of time. True when that has brought an answer. */
  private advance(open: readonly Case[]): boolean {
    const untilMs = this.clock.monotonicMs() + SLICE_MS;
    for (const one of open) {
      do {
        const { done, value } = one.comparison.next();
        if (done === true) one.isMore = value;
      } while (one.isMore === undefined && this.clock.monotonicMs() < untilMs);
      if (one.isMore !== undefined) return true;
      if (this.clock.monotonicMs() >= untilMs) return false;
    }
    return false;
  }

  private async mayGoOn(): Promise<boolean> {
    await this.clock.sleepUntil(this.clock.monotonicMs() + PAUSE_MS, this.stopped);
    return !this.stopped.aborted;
  }
}
