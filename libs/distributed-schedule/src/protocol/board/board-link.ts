/** Our exchange with one node, one message at a time: with a beat or once a period, and at once when there is something to put or to read. */

import type { NodeReply } from '../contract/ports.js';
import { type ClockReading, readClocks } from '../time/clock-reading.js';
import { Wakeup } from '../time/wakeup.js';
import type { NodeVerdict } from './board-hearing.js';
import type { BoardExchange, BoardNode } from './board-node.js';
import { BoardReading, type BoardReadingParts } from './board-reading.js';
import { BOARD_JOINS_AFTER_MS, BOARD_PERIOD_MS, type BoardRecord, MAX_PUTS } from './board-record.js';

export interface BoardLinkParts extends BoardReadingParts {
  readonly node: BoardNode;
  /** Whether there is a cluster time yet. */
  readonly isSynchronised: () => boolean;
  /** Forgets everything, with {@link BoardLink.restart}, where it may have been deleted and the deletion forgotten. */
  readonly discardIfTooOld: () => void;
  /** The node has answered a question of that moment: whether it may be believed. */
  readonly judge: (sent: ClockReading, inTouchMs: number) => Promise<NodeVerdict>;
  /** After each exchange that had an answer. */
  readonly onAnswer: () => void;
  /** A bug. The exchange goes on. */
  readonly onError: (error: unknown) => void;
}

/** What a node said to one record: a missing answer says nothing. */
export type OfferAnswer = 'kept' | 'full' | 'silent';

interface Offer {
  readonly record: BoardRecord;
  readonly answer: (answer: OfferAnswer) => void;
}

/** Exchanges without a pause in between at most, so that no answer of a node can make a busy loop. */
const MAX_IN_A_ROW = 100;

const NO_REPLY = { answered: false, reason: 'it threw' } as const;

export class BoardLink {
  private readonly reading: BoardReading;
  private offers: Offer[] = [];
  private readonly wakeup = new Wakeup();
  private answering = false;
  private running: Promise<void> | undefined;
  private hasEnded = false;
  private exchangedAtMs = Number.NEGATIVE_INFINITY;
  /** Counts them: an answer to a question from before a restart is none any more. */
  private restarts = 0;

  constructor(private readonly parts: BoardLinkParts) {
    this.reading = new BoardReading(parts);
  }

  /** Everything that the node keeps has been read. */
  get isCurrent(): boolean {
    return this.reading.isDone;
  }

  /** The last exchange had an answer. */
  get isAnswering(): boolean {
    return this.answering;
  }

  start(stopped: AbortSignal): void {
    this.running ??= this.loop(stopped);
  }

  /** Resolves when the loop has ended; abort its signal first. */
  async end(): Promise<void> {
    this.wakeup.wake();
    await this.running;
  }

  flush(): void {
    this.wakeup.wake();
  }

  /** A beat leaves now: an exchange that is nearly due goes with it. */
  join(): void {
    if (this.parts.clock.monotonicMs() - this.exchangedAtMs >= BOARD_JOINS_AFTER_MS) this.wakeup.wake();
  }

  /** Puts a record with the next exchange, which is due now. Resolves with what the node said; never rejects. */
  offer(record: BoardRecord): Promise<OfferAnswer> {
    if (this.running === undefined || this.hasEnded) return Promise.resolve('silent');
    return new Promise((answer) => {
      this.offers.push({ record, answer });
      this.wakeup.wake();
    });
  }

  forget(keys: readonly string[]): void {
    this.reading.debts.forget(keys);
  }

  /** Reads everything anew. What was to be put is too old for that. */
  restart(): void {
    this.restarts += 1;
    this.reading.readFromStart();
    for (const { answer } of this.offers.splice(0)) answer('silent');
  }

  note(record: BoardRecord, isOwn: boolean): void {
    this.reading.debts.note(record, isOwn);
  }

  private async loop(stopped: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    for (;;) {
      this.exchangedAtMs = clock.monotonicMs();
      const nextMs = this.exchangedAtMs + BOARD_PERIOD_MS;
      // Read before: what was posted before the end still goes out.
      const isLast = stopped.aborted;
      await this.exchangeAll();
      if (isLast) break;
      await this.wakeup.sleep((woken) => clock.sleepUntil(nextMs, woken));
    }
    this.hasEnded = true;
    for (const { answer } of this.offers) answer('silent');
  }

  private async exchangeAll(): Promise<void> {
    try {
      for (let count = 0; count < MAX_IN_A_ROW; count += 1) {
        const isDone = await this.exchange();
        if (isDone) return;
      }
    } catch (error) {
      this.parts.onError(error);
    }
  }

  /** Whether there is nothing left to do now. */
  private async exchange(): Promise<boolean> {
    const { clock, discardIfTooOld, onAnswer, nowMs, isSynchronised } = this.parts;
    const { reading } = this;
    discardIfTooOld();
    const [sent, sentMs, restarts] = [readClocks(clock), isSynchronised() ? nowMs() : 0, this.restarts];
    const due = reading.due(MAX_PUTS - Math.min(MAX_PUTS, this.offers.length));
    // From here on nothing may throw until they are answered: somebody waits for that.
    const offers = reading.isSendingAway ? [] : this.offers.splice(0, MAX_PUTS);
    const records = [...offers.map(({ record }) => record), ...due];
    const reply = await this.ask(records, sentMs);
    this.answering = reply.answered;
    const verdict = reply.answered ? await this.judge(reply.value, sent, restarts) : 'unknown';
    if (!reply.answered || verdict !== 'present') {
      // A node that falls silent before it has thrown away what it keeps must not keep those waiting that put meanwhile.
      const unheard = reading.isSendingAway ? this.offers.splice(0) : offers;
      for (const { answer } of unheard) answer('silent');
      const isAway = reply.answered && verdict === 'away';
      if (isAway) reading.sendAway(reply.value);
      // With the same message nothing would come of it: too few others have answered. After a restart it is another one.
      return !isAway && restarts === this.restarts && this.offers.length === 0;
    }
    offers.forEach(({ answer }, index) => {
      answer(reply.value.puts[index] === 'full' ? 'full' : 'kept');
    });
    reading.takeIn(reply.value, { records, offers: offers.length }, sentMs);
    onAnswer();
    return !reply.value.hasMore && this.offers.length === 0 && records.length < MAX_PUTS;
  }

  /** Without an answer where the node's adapter breaks its promise and throws. */
  private async ask(records: readonly BoardRecord[], sentMs: number): Promise<NodeReply<BoardExchange>> {
    const { node, onError } = this.parts;
    try {
      return await node.exchange(records, this.reading.cursor, this.reading.word(sentMs));
    } catch (error) {
      onError(error);
      return NO_REPLY;
    }
  }

  /** The machine may have been suspended while the answer lay in a buffer, or waited for those of the others: that counts first. */
  private async judge(value: BoardExchange, sent: ClockReading, restarts: number): Promise<NodeVerdict> {
    if (restarts !== this.restarts) return 'unknown';
    const verdict = await this.parts.judge(sent, value.inTouchMs);
    this.parts.discardIfTooOld();
    return restarts === this.restarts ? verdict : 'unknown';
  }
}
