/** One tick under watch: when it is looked at, and for how long the ledger is asked about it. */

import { type DueTick, tickKey } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { TickReport } from '../contract/outcome.js';

/** Asked only after the limit: claims are on their way, and clocks of instances differ a little. */
export const AFTER_LIMIT_MS = 150;

/** Without an answer it is asked again, for a share of the lateness limit at most. */
const ASK_AGAIN_MS = 300;
const MAX_ASKING_MS = 3_000;
const ASKING_SHARE = 1.5;

/** A bid made at the very limit still makes up to six calls, each bounded by nodeTimeoutMs; the contest ends after them. */
const CALLS_AFTER_LAST_BID = 6;

/** A first look that comes this late is that of an instance that slept: it asks for longer, and guesses nothing. */
const SLEPT_MS = 500;
const ASKING_AFTER_SLEEP_MS = 60_000;
const ASK_AGAIN_AFTER_SLEEP_MS = 1_000;

/** A tick that stands in line behind a run here is looked at again after this. */
const IN_LINE_MS = 1_000;

/** Behind a run elsewhere the pause between two looks grows with the time that the tick has waited. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 5_000;
const MAX_WAIT_MS = 600_000;

export class WatchedTick {
  report: TickReport | undefined;
  /** No majority answered when the ledger was asked before. */
  hadNoAnswer = false;
  slept = false;
  /** It was in line behind a run elsewhere, and the nodes have moved past it. */
  wasPassed = false;
  /** Its first look was put off: others were to look, and to tell. */
  wasPostponed = false;
  /** Cluster time; infinite while the answer is on its way. */
  private nextLookMs: number;
  /** Undefined before the first question. */
  private giveUpAtMs: number | undefined;

  constructor(readonly due: DueTick) {
    this.nextLookMs = due.tick + due.maxLatenessMs + AFTER_LIMIT_MS;
  }

  get key(): string {
    return tickKey({ task: this.due.task.name, tick: this.due.tick });
  }

  get lookAtMs(): number {
    return this.nextLookMs;
  }

  /** @param isBehind whether this instance wakes late: what it has noticed late says nothing of the others */
  beginAsking(nowMs: number, isBehind: boolean): void {
    if (this.giveUpAtMs === undefined) {
      this.slept = nowMs - this.nextLookMs > SLEPT_MS || (isBehind && this.report?.outcome === 'misfire');
      const askingMs = Math.min(this.due.maxLatenessMs * ASKING_SHARE, MAX_ASKING_MS);
      this.giveUpAtMs = nowMs + (this.slept ? ASKING_AFTER_SLEEP_MS : askingMs);
    }
    this.nextLookMs = Number.POSITIVE_INFINITY;
  }

  /** Puts the first look off, once. */
  tryPostpone(nowMs: number, byMs: number): boolean {
    if (this.wasPostponed || this.giveUpAtMs !== undefined) return false;
    this.wasPostponed = true;
    this.nextLookMs = nowMs + byMs;
    return true;
  }

  /** A run here has it in line. */
  waitInLine(nowMs: number): void {
    this.nextLookMs = nowMs + IN_LINE_MS;
  }

  /** The time for asking begins anew. False: it waited too long. By the longest pause a dead instance is no member any more. */
  tryWaitElsewhere(nowMs: number): boolean {
    const waitedMs = nowMs - this.due.tick;
    if (waitedMs > MAX_WAIT_MS) return false;
    const pauseMs = Math.min(Math.max(MIN_PAUSE_MS, waitedMs / 2), MAX_PAUSE_MS);
    this.nextLookMs = nowMs + (this.wasPassed ? MAX_PAUSE_MS : pauseMs);
    this.giveUpAtMs = undefined;
    return true;
  }

  /** A holder that has just died is still a member: others claim the next tick before they know of its death. */
  isPassed(peek: PeekAnswer | undefined): boolean {
    return this.report?.outcome === 'buffered' && peek?.kind === 'taken' && peek.claimId === undefined;
  }

  /** Plans another question. False: it has been asked about for long enough. */
  tryAskAgain(nowMs: number, nodeTimeoutMs: number): boolean {
    const giveUpMs = this.giveUpMs(nodeTimeoutMs);
    if (nowMs >= giveUpMs) return false;
    this.nextLookMs = Math.min(nowMs + (this.slept ? ASK_AGAIN_AFTER_SLEEP_MS : ASK_AGAIN_MS), giveUpMs);
    return true;
  }

  /** Until then an answer is waited for, and the end of the own contest. */
  private giveUpMs(nodeTimeoutMs: number): number {
    const { giveUpAtMs = 0, due } = this;
    if (this.report !== undefined) return giveUpAtMs;
    return Math.max(giveUpAtMs, due.tick + due.maxLatenessMs + CALLS_AFTER_LAST_BID * nodeTimeoutMs);
  }
}
