/** What we have read of one node, what it lacks, and when it was in touch. */

import { IN_TOUCH_EVERY_MS } from './board-absence.js';
import { BoardDebts, type BoardDebtsParts } from './board-debts.js';
import { type BoardLoss, lossBetween } from './board-memory.js';
import {
  BOARD_START,
  type BoardCursor,
  type BoardExchange,
  type BoardWord,
  type PutAnswer,
} from './board-node.js';
import type { BoardRecord } from './board-record.js';

export interface BoardReadingParts extends BoardDebtsParts {
  /** The node's changes; the map is the receiver's to change. */
  readonly onChanges: (records: readonly BoardRecord[]) => void;
  /** The node refuses a further key. */
  readonly onFull: () => void;
  /** Whether all that the nodes keep has been read: before, what this instance reaches proves nothing of the others. */
  readonly isAllRead: () => boolean;
  /** The node has lost what it kept. */
  readonly onLoss: (loss: BoardLoss) => void;
}

/** What was put in one message: offers first, which are not on the map before a node keeps them. */
export interface BoardPuts {
  readonly records: readonly BoardRecord[];
  readonly offers: number;
}

export class BoardReading {
  readonly debts: BoardDebts;
  cursor: BoardCursor = BOARD_START;
  private isOpen = true;
  private inTouchMs = 0;
  private awaySinceMs = 0;

  constructor(private readonly parts: BoardReadingParts) {
    this.debts = new BoardDebts(parts);
  }

  /** Everything that the node keeps has been read. */
  get isDone(): boolean {
    return !this.isOpen;
  }

  /** The node was told to throw away what it keeps, or is to be: nothing is put before. */
  get isSendingAway(): boolean {
    return this.awaySinceMs > 0;
  }

  /** @param nowMs cluster time; 0: not known */
  word(nowMs: number): BoardWord {
    // A memory that has begun empty is a witness against the others once these have been read.
    return {
      nowMs: this.parts.isAllRead() ? Math.floor(nowMs) : 0,
      inTouchMs: this.inTouchMs,
      awaySinceMs: this.awaySinceMs,
    };
  }

  /** What is to be put. Not before all of it was read: the rest may hold what seems to be missing. */
  due(most: number): readonly BoardRecord[] {
    return this.isOpen ? [] : this.debts.due(most);
  }

  /** What the node keeps is not taken in: with the next message it is to throw it away. */
  sendAway({ cursor, inTouchMs }: BoardExchange): void {
    this.readFromStart(cursor.memory);
    this.awaySinceMs = inTouchMs;
  }

  /** Reads everything anew. */
  readFromStart(memory = BOARD_START.memory): void {
    this.cursor = { memory, sequence: 0 };
    this.isOpen = true;
    this.inTouchMs = 0;
    this.awaySinceMs = 0;
    this.debts.clear();
  }

  /** @param sentMs cluster time of the question; 0: not known */
  takeIn(value: BoardExchange, puts: BoardPuts, sentMs: number): void {
    const { map, onChanges, onLoss } = this.parts;
    if (value.cursor.memory !== this.cursor.memory) {
      const loss = lossBetween(this.cursor.memory, value.cursor.memory);
      if (loss !== undefined) onLoss(loss);
      this.readFromStart(value.cursor.memory);
    }
    this.awaySinceMs = 0;
    this.cursor = value.cursor;
    for (const [index, record] of puts.records.entries()) {
      this.notePut(record, value.puts[index], index < puts.offers);
    }
    for (const { key, stamp } of value.changes) this.debts.tells(key, stamp);
    onChanges(value.changes);
    for (const { key } of value.changes) {
      const newest = map.record(key);
      if (newest === undefined) this.debts.forget([key]);
      else this.debts.note(newest, true);
    }
    if (!value.hasMore && this.isOpen) {
      this.isOpen = false;
      this.debts.refill();
    }
    this.noteRead(value, sentMs);
  }

  private notePut({ key, stamp }: BoardRecord, answer: PutAnswer | undefined, isOffer: boolean): void {
    const { map, onFull } = this.parts;
    if (answer === 'full') {
      this.debts.refuses(key);
      onFull();
      return;
    }
    // What has expired while it was under way is never forgotten again.
    if (isOffer || map.record(key) !== undefined) this.debts.keeps(key, stamp);
  }

  /** Told with the next message, of this moment: the node may have been away for days when that message arrives. */
  private noteRead({ inTouchMs }: BoardExchange, sentMs: number): void {
    const isDue = !this.isOpen && this.parts.isAllRead() && sentMs - inTouchMs >= IN_TOUCH_EVERY_MS;
    this.inTouchMs = isDue ? Math.floor(sentMs) : 0;
  }
}
