/** Step 1: wakes shortly before the next due instant, starts the contest of its ticks, and arms their successors. */

import type { Audit } from '../audit/audit.js';
import { contestSlot } from '../contest/slot-contest.js';
import type { StopSignal } from '../contract/stop.js';
import type { Pruning } from '../ledger/pruning.js';
import type { Heartbeat } from '../members/heartbeat.js';
import type { RunParts } from '../run/run-parts.js';
import type { Wakeup } from '../time/wakeup.js';
import { planSlot, type Slot, slotLengthMs } from './slot.js';
import type { TaskBook } from './task-book.js';

/** Longest sleep of the loop when no task is due. */
const MAX_SLEEP_MS = 60_000;

/** Its pause after a step that threw. */
const AFTER_BUG_MS = 200;

/** How long the first answer of the store is waited for before ticks are contested without it. */
const FIRST_ANSWER_MS = 1_000;
const FIRST_BEATS_PERIOD_MS = 50;

export interface SchedulerLoopParts extends RunParts {
  readonly book: TaskBook;
  readonly heartbeat: Heartbeat;
  readonly audit: Audit;
  readonly wakeup: Wakeup;
  readonly pruning: Pruning;
}

export class SchedulerLoop {
  private isArmedInClusterTime = false;
  /** Ticks after this are due here; monotonic. */
  private ownSinceMs = 0;
  /** The slots that come next. */
  private slots: readonly Slot[] = [];

  constructor(private readonly parts: SchedulerLoopParts) {}

  async run(): Promise<void> {
    const { stopped, book, clock, clusterClock, wakeup } = this.parts;
    this.ownSinceMs = clock.monotonicMs();
    await this.awaitFirstAnswer();
    // Without an answer this instance was there all the same: what came due meanwhile ends as any tick without a majority.
    if (clusterClock.synchronised) this.ownSinceMs = clock.monotonicMs();
    book.rearm(this.ownFromMs());
    while (!stopped.aborted) {
      const steps = [
        this.guarded('contests', () => this.contestDueTicks()),
        this.guarded('audit', () => this.lookAtAudit()),
        this.guarded('beat', () => this.beatIfDue()),
        this.guarded('pruning', () => this.pruneIfDue()),
      ];
      // What has failed would fail again at once.
      const pauseMs = steps.includes(false) ? AFTER_BUG_MS : 0;
      await wakeup.sleep((woken) => this.sleepUntilNext(woken, pauseMs));
    }
  }

  /** Cluster time and membership come with the first answers; without them the first ticks would be guesses. */
  private async awaitFirstAnswer(): Promise<void> {
    const { clock, clusterClock, heartbeat, stopped } = this.parts;
    const giveUpMs = clock.monotonicMs() + FIRST_ANSWER_MS;
    await heartbeat.beat();
    while (!clusterClock.synchronised && clock.monotonicMs() < giveUpMs && !stopped.aborted) {
      await clock.sleepUntil(clock.monotonicMs() + FIRST_BEATS_PERIOD_MS, stopped);
      // A beat after the leave of a shutdown would make a ghost of this instance.
      if (!stopped.aborted) await heartbeat.beat();
    }
  }

  /** A bug in one step must not end the others: an instance that neither beats nor bids looks well from outside. */
  private guarded(step: string, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.parts.observer.observe({ type: 'error', error, where: `scheduler: ${step}` });
      return false;
    }
  }

  private contestDueTicks(): void {
    const { audit, book, clusterClock, load, options, track } = this.parts;
    this.rearmWhenSynchronised();
    book.mend(clusterClock.nowMs());
    for (;;) {
      const next = this.nextToBidFor();
      if (next === undefined) return;
      const { tick } = next;
      const nowMs = clusterClock.nowMs();
      if (nowMs < bidTimeOf(next)) return;
      // By the shortest lead: a slot with a longer one may come to be looked at behind one with a shorter.
      load.note(nowMs - Math.max(bidTimeOf(next), tick - options.bidLeadMs));
      const dues = book.takeAll(tick, next.last, nowMs);
      audit.watch(dues);
      track(contestSlot(this.parts, next, dues));
    }
  }

  /** Bids for many ticks begin earlier: a slot of them may come before one of few that lies before it. */
  private nextToBidFor(): Slot | undefined {
    const { book } = this.parts;
    const [first, large] = [book.earliest(), book.earliestOfMany()];
    const slots = [first, large].flatMap((tick) => (tick === undefined ? [] : [this.slotAt(tick)]));
    this.slots = slots;
    const [one, other = one] = slots;
    return one !== undefined && other !== undefined && bidTimeOf(other) < bidTimeOf(one) ? other : one;
  }

  /** Decided once per slot: one that grew meanwhile would look as if this instance were late. */
  private slotAt(tick: number): Slot {
    const { book, lead, options } = this.parts;
    const known = this.slots.find((one) => one.tick === tick);
    if (known !== undefined) return known;
    const [first = { tick, ticks: 1 }, ...others] = book.sizesOf(tick, tick + slotLengthMs(options));
    return planSlot([first, ...others], lead);
  }

  private lookAtAudit(): void {
    const { audit, track, wakeup } = this.parts;
    track(audit.look().then((hasAsked) => hasAsked && wakeup.wake()));
  }

  /** The first agreement may have stepped back: what was armed by this machine's own clock is armed anew. */
  private rearmWhenSynchronised(): void {
    const { audit, book, clusterClock, track } = this.parts;
    if (this.isArmedInClusterTime || !clusterClock.synchronised) return;
    this.isArmedInClusterTime = true;
    book.rearm(clusterClock.nowMs());
    track(audit.start(this.ownFromMs()));
  }

  /** The same instant by the clock of the cluster, as it is known now. */
  private ownFromMs(): number {
    const { clock, clusterClock } = this.parts;
    return clusterClock.nowMs() - (clock.monotonicMs() - this.ownSinceMs);
  }

  private beatIfDue(): void {
    const { clock, heartbeat, track } = this.parts;
    if (heartbeat.isBeating || clock.monotonicMs() < heartbeat.nextBeatMs) return;
    track(heartbeat.beat());
  }

  /** Seldom, and no hurry: the loop wakes for its beats anyway. */
  private pruneIfDue(): void {
    const { pruning, track } = this.parts;
    const pass = pruning.look();
    if (pass !== undefined) track(pass);
  }

  private async sleepUntilNext(woken: StopSignal, pauseMs: number): Promise<void> {
    const { audit, clock, clusterClock, heartbeat, options } = this.parts;
    const next = this.nextToBidFor();
    const nowMs = clock.monotonicMs();
    const bidMs = next === undefined ? nowMs + MAX_SLEEP_MS : clusterClock.toMonotonicMs(bidTimeOf(next));
    const beatMs = heartbeat.isBeating ? nowMs + options.nodeTimeoutMs : heartbeat.nextBeatMs;
    const nextMs = Math.min(bidMs, beatMs, clusterClock.toMonotonicMs(audit.nextMs));
    await clock.sleepUntil(Math.max(nextMs, nowMs + pauseMs), woken);
  }
}

/** When the first in rank bids. */
function bidTimeOf({ tick, leadMs }: Slot): number {
  return tick - leadMs;
}
