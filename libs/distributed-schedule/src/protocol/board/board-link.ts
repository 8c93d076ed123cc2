/**
 * One instance's exchange with one node: reads what is new there, and puts what the node lacks. One message is under
 * way at a time; there is one per period, and one at once when something has to be put or is left to read.
 */

import { type Instant, readInstant } from '../instant.js';
import type { Clock, NodeReply, Random } from '../ports.js';
import { Wakeup } from '../wakeup.js';
import { COMPLETE_EVERY_MS } from './board-absence.js';
import { BoardDebts } from './board-debts.js';
import { type BoardLoss, lossBetween } from './board-epoch.js';
import type { NodeVerdict } from './board-hearing.js';
import type { BoardMap } from './board-map.js';
import { BOARD_START, type BoardExchange, type BoardNode, type PutAnswer } from './board-node.js';
import { BOARD_PERIOD_MS, type BoardRecord, MOST_PUTS } from './board-record.js';

export interface BoardLinkParts {
  readonly node: BoardNode;
  readonly map: BoardMap;
  readonly clock: Clock;
  readonly random: Random;
  /** Cluster time. */
  readonly nowMs: () => number;
  /** Whether that is known already. */
  readonly isSynchronised: () => boolean;
  /** Forgets everything, with {@link BoardLink.restart}, where it may have been deleted and the deletion forgotten. */
  readonly forgetIfTooOld: () => void;
  /** The node has answered a question of that moment: whether it may be believed. */
  readonly judge: (sent: Instant, completeMs: number) => Promise<NodeVerdict>;
  /** Cluster time of the newest moment as of which all that a majority keeps has been read; 0: none. */
  readonly readUpTo: () => number;
  /** The node's changes; the map is the receiver's to change. */
  readonly onChanges: (records: readonly BoardRecord[]) => void;
  /** After each exchange that had an answer. */
  readonly onAnswer: () => void;
  /** The node refuses a further key. */
  readonly onFull: (label: string) => void;
  /** The node has lost what it kept. */
  readonly onLoss: (label: string, loss: BoardLoss) => void;
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
const MOST_IN_A_ROW = 100;

const NO_REPLY = { answered: false, reason: 'it threw' } as const;

export class BoardLink {
  private cursor = BOARD_START;
  private readonly debts: BoardDebts;
  private offers: Offer[] = [];
  private readonly wakeup = new Wakeup();
  private isReading = true;
  private answering = false;
  private running: Promise<void> | undefined;
  private hasEnded = false;
  /** Counts restarts: an answer to a question from before one is no answer any more. */
  private restarts = 0;
  /** To be said with the next message, see BoardWord. */
  private completeMs = 0;
  private awaySinceMs = 0;
  /** Cluster time as of which everything that the node keeps has been read; 0: it has not. */
  private readMs = 0;

  constructor(private readonly parts: BoardLinkParts) {
    this.debts = new BoardDebts(parts);
  }

  /** Everything that the node keeps has been read. */
  get isCurrent(): boolean {
    return !this.isReading;
  }

  /** Cluster time as of which that is so; 0: it is not. */
  get readUpToMs(): number {
    return this.isReading ? 0 : this.readMs;
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

  /** Exchanges at once. */
  flush(): void {
    this.wakeup.wake();
  }

  /** Puts a record with the next exchange, which is due now. Resolves with what the node said; never rejects. */
  offer(record: BoardRecord): Promise<OfferAnswer> {
    if (this.running === undefined || this.hasEnded) return Promise.resolve('silent');
    return new Promise((answer) => {
      this.offers.push({ record, answer });
      this.wakeup.wake();
    });
  }

  /** The map has lost these keys. */
  forget(keys: readonly string[]): void {
    this.debts.forget(keys);
  }

  /** Reads everything anew. What was to be put is too old for that. */
  restart(): void {
    this.restarts += 1;
    this.readAnew('');
    for (const { answer } of this.offers.splice(0)) answer('silent');
  }

  /** A record has come onto the map. */
  note(record: BoardRecord, isOwn: boolean): void {
    this.debts.note(record, isOwn);
  }

  private async loop(stopped: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    for (;;) {
      const nextMs = clock.monotonicMs() + BOARD_PERIOD_MS;
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
      for (let count = 0; count < MOST_IN_A_ROW; count += 1) {
        const isDone = await this.exchange();
        if (isDone) return;
      }
    } catch (error) {
      this.parts.onError(error);
    }
  }

  /** Whether there is nothing left to do now. */
  private async exchange(): Promise<boolean> {
    const { clock, forgetIfTooOld, judge, onAnswer, nowMs, isSynchronised } = this.parts;
    forgetIfTooOld();
    const [sent, sentMs, restarts] = [readInstant(clock), isSynchronised() ? nowMs() : 0, this.restarts];
    // Not before all of it was read: the rest may hold what seems to be missing.
    const due = this.isReading ? [] : this.debts.due(MOST_PUTS - Math.min(MOST_PUTS, this.offers.length));
    // From here on nothing may throw until they are answered: somebody waits for that.
    const offers = this.awaySinceMs > 0 ? [] : this.offers.splice(0, MOST_PUTS);
    const answerAll = (answerOf: (index: number) => OfferAnswer): void =>
      offers.forEach(({ answer }, index) => answer(answerOf(index)));
    const puts = [...offers.map(({ record }) => record), ...due];
    const reply = await this.ask(puts, sentMs);
    this.answering = reply.answered;
    // The machine may have been suspended while the answer lay in a buffer.
    if (reply.answered) forgetIfTooOld();
    const verdict =
      reply.answered && restarts === this.restarts ? await judge(sent, reply.value.completeMs) : 'unknown';
    if (!reply.answered || restarts !== this.restarts || verdict !== 'present') {
      answerAll(() => 'silent');
      if (reply.answered && verdict === 'away' && restarts === this.restarts) return this.sendAway(reply.value);
      return this.offers.length === 0 && restarts === this.restarts;
    }
    answerAll((index) => (reply.value.puts[index] === 'full' ? 'full' : 'kept'));
    this.takeIn(reply.value, puts, offers.length);
    this.noteRead(reply.value, sentMs);
    onAnswer();
    return !reply.value.hasMore && this.offers.length === 0 && puts.length < MOST_PUTS;
  }

  /** Without an answer where the node's adapter breaks its promise and throws. */
  private async ask(puts: readonly BoardRecord[], sentMs: number): Promise<NodeReply<BoardExchange>> {
    const { node, onError } = this.parts;
    const { completeMs, awaySinceMs } = this;
    try {
      return await node.exchange(puts, this.cursor, { nowMs: Math.floor(sentMs), completeMs, awaySinceMs });
    } catch (error) {
      onError(error);
      return NO_REPLY;
    }
  }

  /** What the node keeps is not taken in: with the next message it is to throw it away. */
  private sendAway({ cursor, completeMs }: BoardExchange): boolean {
    this.readAnew(cursor.epoch);
    this.awaySinceMs = completeMs;
    return false;
  }

  private readAnew(epoch: string): void {
    this.cursor = { epoch, sequence: 0 };
    this.isReading = true;
    this.completeMs = 0;
    this.awaySinceMs = 0;
    this.debts.clear();
  }

  /** @param offers so many of the puts, the first ones */
  private takeIn(value: BoardExchange, puts: readonly BoardRecord[], offers: number): void {
    const { map, onChanges, onLoss, node } = this.parts;
    if (value.cursor.epoch !== this.cursor.epoch) {
      const loss = lossBetween(this.cursor.epoch, value.cursor.epoch);
      if (loss !== undefined) onLoss(node.label, loss);
      this.readAnew(value.cursor.epoch);
    }
    this.awaySinceMs = 0;
    this.cursor = value.cursor;
    puts.forEach((record, index) => this.notePut(record, value.puts[index], index < offers));
    for (const { key, stamp } of value.changes) this.debts.tells(key, stamp);
    onChanges(value.changes);
    for (const { key } of value.changes) {
      const newest = map.record(key);
      if (newest === undefined) this.debts.forget([key]);
      else this.note(newest, true);
    }
    if (value.hasMore || !this.isReading) return;
    this.isReading = false;
    this.debts.refill();
  }

  private notePut({ key, stamp }: BoardRecord, answer: PutAnswer | undefined, isOffer: boolean): void {
    const { map, node, onFull } = this.parts;
    if (answer === 'full') {
      this.debts.refuses(key);
      onFull(node.label);
      return;
    }
    // What has expired while it was under way is never forgotten again. An offer comes onto the map when it is kept.
    if (isOffer || map.record(key) !== undefined) this.debts.keeps(key, stamp);
  }

  /** From time to time a node is told up to when it keeps everything; with the next message, and of this moment. */
  private noteRead({ completeMs }: BoardExchange, sentMs: number): void {
    this.completeMs = 0;
    if (this.isReading || sentMs === 0) return;
    this.readMs = sentMs;
    if (sentMs - completeMs < COMPLETE_EVERY_MS) return;
    const uptoMs = Math.min(this.parts.readUpTo(), this.debts.settledUpTo(sentMs));
    if (uptoMs > completeMs) this.completeMs = Math.floor(uptoMs);
  }
}
