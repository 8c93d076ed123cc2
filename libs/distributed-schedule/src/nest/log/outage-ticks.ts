import type { Logger } from '@nestjs/common';
import { TickTally } from '../../messages/tick-tally.js';
import type { Clock } from '../../protocol/contract/ports.js';

/** Nodes that were restarted grant nothing for a while after a majority is back, and the audit hears of ticks later still. */
const GATHER_MS = 5_000;
/** Outages that come and go faster are summed up once per this time. */
const FLAP_MS = 5_000;
const QUIET_MS = 60_000;

/** A tick, or the newest of several. */
interface NotRun {
  readonly task: string;
  readonly tick: number;
  readonly ticks?: number;
}

/** What did not run for want of a majority, in one line. Own ticks and findings of the audit are the same ones: the larger counts. */
export class OutageTicks {
  private reported = new TickTally();
  private found = new TickTally();
  /** The newest tick of each task that is to be told. */
  private newest = new Map<string, number>();
  /** That of the last line. What is found later about the same ticks is no news. */
  private toldUpTo: ReadonlyMap<string, number> = new Map();
  private readonly stopping = new AbortController();
  private lostAtMs: number | undefined;
  private gatherUntilMs = 0;
  private toldAtMs = Number.NEGATIVE_INFINITY;
  private tellAtMs = 0;

  constructor(
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>,
  ) {}

  sawQuorum(isReached: boolean): void {
    const nowMs = this.clock.monotonicMs();
    if (!isReached) {
      this.lostAtMs ??= nowMs;
      return;
    }
    if (this.lostAtMs === undefined) return;
    const isFlap = nowMs - this.lostAtMs < FLAP_MS;
    this.lostAtMs = undefined;
    this.gatherUntilMs = nowMs + GATHER_MS;
    void this.tellAt(isFlap ? Math.max(this.gatherUntilMs, this.toldAtMs + QUIET_MS) : this.gatherUntilMs);
  }

  /** Whether the tick is told with an outage, and not by itself. */
  tookReport(notRun: NotRun): boolean {
    return this.take(this.reported, notRun);
  }

  tookFinding(notRun: NotRun): boolean {
    return this.take(this.found, notRun);
  }

  /** Says what is known until now, and leaves no timer behind. */
  stop(): void {
    this.stopping.abort();
    this.tell();
  }

  private take(tally: TickTally, { task, tick, ticks }: NotRun): boolean {
    if (tick <= (this.toldUpTo.get(task) ?? 0)) return true;
    if (this.lostAtMs === undefined && this.clock.monotonicMs() >= this.gatherUntilMs) return false;
    tally.add(task, ticks);
    this.newest.set(task, Math.max(tick, this.newest.get(task) ?? 0));
    return true;
  }

  private async tellAt(atMs: number): Promise<void> {
    this.tellAtMs = atMs;
    await this.clock.sleepUntil(atMs, this.stopping.signal);
    // A later return has another moment, and an outage that goes on is told when it ends.
    if (this.tellAtMs !== atMs || this.lostAtMs !== undefined || this.stopping.signal.aborted) return;
    this.tell();
  }

  private tell(): void {
    const { reported, found, newest } = this;
    const tally = new TickTally();
    for (const task of newest.keys()) tally.add(task, Math.max(reported.of(task), found.of(task)));
    this.reported = new TickTally();
    this.found = new TickTally();
    this.newest = new Map();
    if (tally.size === 0) return;
    this.toldAtMs = this.clock.monotonicMs();
    this.toldUpTo = newest;
    this.logger.warn(`Not run while no majority voted, as far as this instance knows: ${tally.words()}.`);
  }
}
