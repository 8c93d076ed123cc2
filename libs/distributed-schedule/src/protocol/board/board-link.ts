/**
 * One instance's exchange with one node: reads what is new there, and puts what the node lacks. One message is under
 * way at a time; there is one per period, and one at once when something has to be put or is left to read.
 */

import type { Clock, NodeReply, Random } from '../ports.js';
import { Wakeup } from '../wakeup.js';
import type { BoardMap } from './board-map.js';
import { BOARD_START, type BoardExchange, type BoardNode } from './board-node.js';
import {
  BOARD_PERIOD_MS,
  type BoardRecord,
  isExpired,
  isNewer,
  MOST_EXCHANGE_LENGTH,
  MOST_PUTS,
  type Stamp,
} from './board-record.js';

export interface BoardLinkParts {
  readonly node: BoardNode;
  readonly map: BoardMap;
  readonly clock: Clock;
  readonly random: Random;
  /** Cluster time. */
  readonly nowMs: () => number;
  /** The node's changes; the map is the receiver's to change. */
  readonly onChanges: (records: readonly BoardRecord[]) => void;
  /** After each exchange that had an answer. */
  readonly onAnswer: () => void;
  /** The node refuses a further key. */
  readonly onFull: (label: string) => void;
  /** A bug. The exchange goes on. */
  readonly onError: (error: unknown) => void;
}

/** What a node said to one record: a missing answer says nothing. */
export type OfferAnswer = 'kept' | 'full' | 'silent';

interface Offer {
  readonly record: BoardRecord;
  readonly answer: (answer: OfferAnswer) => void;
}

/**
 * Somebody else's record is most likely put on every node by its writer. Only what a node still lacks after so many ms
 * is put there by those who read it.
 */
const OTHERS_FIRST_MS = 2 * BOARD_PERIOD_MS;

/** A node that is full is asked again after this, ms. */
const FULL_PAUSE_MS = 30_000;

/** Exchanges without a pause in between at most, so that no answer of a node can make a busy loop. */
const MOST_IN_A_ROW = 100;

const NO_REPLY = { answered: false, reason: 'it threw' } as const;

export class BoardLink {
  private cursor = BOARD_START;
  /** What the node keeps, as far as it was heard. */
  private readonly known = new Map<string, Stamp>();
  /** Keys that the node may lack, with the monotonic instant from which they are put. */
  private readonly owed = new Map<string, number>();
  private offers: Offer[] = [];
  private readonly wakeup = new Wakeup();
  private isReading = true;
  private answering = false;
  private running: Promise<void> | undefined;
  private hasEnded = false;

  constructor(private readonly parts: BoardLinkParts) {}

  /** Everything that the node keeps has been read. */
  get isCurrent(): boolean {
    return !this.isReading;
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
    for (const key of keys) {
      this.known.delete(key);
      this.owed.delete(key);
    }
  }

  /** Reads everything anew. */
  restart(): void {
    this.cursor = BOARD_START;
    this.isReading = true;
  }

  /** A record has come onto the map. */
  note({ key, stamp }: BoardRecord, isOwn: boolean): void {
    if (!isNewer(stamp, this.known.get(key))) return;
    this.owed.set(key, this.parts.clock.monotonicMs() + (isOwn ? 0 : OTHERS_FIRST_MS));
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
    const { node, onAnswer } = this.parts;
    const due = this.duePuts(MOST_PUTS - Math.min(MOST_PUTS, this.offers.length));
    // From here on nothing may throw until they are answered: somebody waits for that.
    const offers = this.offers.splice(0, MOST_PUTS);
    const puts = [...offers.map(({ record }) => record), ...due];
    const reply = await this.ask(node, puts);
    this.answering = reply.answered;
    if (!reply.answered) {
      for (const { answer } of offers) answer('silent');
      return this.offers.length === 0;
    }
    offers.forEach(({ answer }, index) => {
      answer(reply.value.puts[index] === 'full' ? 'full' : 'kept');
    });
    this.takeIn(reply.value, puts, offers.length);
    onAnswer();
    return !reply.value.hasMore && this.offers.length === 0 && puts.length < MOST_PUTS;
  }

  /** Without an answer where the node's adapter breaks its promise and throws. */
  private async ask(node: BoardNode, puts: readonly BoardRecord[]): Promise<NodeReply<BoardExchange>> {
    try {
      return await node.exchange(puts, this.cursor);
    } catch (error) {
      this.parts.onError(error);
      return NO_REPLY;
    }
  }

  /** @param offers so many of the puts, the first ones */
  private takeIn(value: BoardExchange, puts: readonly BoardRecord[], offers: number): void {
    const { clock, map, onChanges, onFull, node } = this.parts;
    if (value.cursor.epoch !== this.cursor.epoch) {
      this.known.clear();
      this.owed.clear();
      this.isReading = true;
    }
    this.cursor = value.cursor;
    puts.forEach(({ key, stamp }, index) => {
      if (value.puts[index] === 'full') {
        this.owed.set(key, clock.monotonicMs() + FULL_PAUSE_MS);
        onFull(node.label);
        return;
      }
      // What has expired while it was under way is never forgotten again. An offer comes onto the map when it is kept.
      const isGone = index >= offers && map.record(key) === undefined;
      if (!isGone && isNewer(stamp, this.known.get(key))) this.known.set(key, stamp);
    });
    for (const { key, stamp } of value.changes) this.known.set(key, stamp);
    onChanges(value.changes);
    for (const { key } of value.changes) {
      const newest = map.record(key);
      if (newest === undefined) this.known.delete(key);
      else this.note(newest, true);
    }
    if (value.hasMore || !this.isReading) return;
    this.isReading = false;
    this.refill();
  }

  /** The node has been read from its start: what it lacks is owed. Spread, since every instance finds the same gap. */
  private refill(): void {
    const { clock, map, random } = this.parts;
    const fromMs = clock.monotonicMs() + random.next() * OTHERS_FIRST_MS;
    for (const { key, stamp } of map.all()) {
      if (isNewer(stamp, this.known.get(key))) this.owed.set(key, fromMs);
    }
  }

  private duePuts(most: number): readonly BoardRecord[] {
    const { clock, map, nowMs } = this.parts;
    // Not before all of it was read: the rest may hold what seems to be missing.
    if (this.isReading) return [];
    const due: BoardRecord[] = [];
    let length = 0;
    for (const [key, fromMs] of this.owed) {
      if (fromMs > clock.monotonicMs()) continue;
      const record = map.record(key);
      if (record === undefined || isExpired(record, nowMs()) || !isNewer(record.stamp, this.known.get(key))) {
        this.owed.delete(key);
        continue;
      }
      length += key.length + record.value.length;
      if (due.length >= most || (due.length > 0 && length > MOST_EXCHANGE_LENGTH)) break;
      due.push(record);
    }
    return due;
  }
}
