/** The board of one memory node. The model of the script in redis/scripts/board-script.ts. Node time only. */

import type { MemoryCause } from '../protocol/board/board-memory.js';
import {
  type BoardCursor,
  type BoardExchange,
  type BoardWord,
  NO_WORD,
  type PutAnswer,
} from '../protocol/board/board-node.js';
import {
  type BoardRecord,
  isExpired,
  isNewer,
  MAX_CHANGES,
  MAX_EXCHANGE_LENGTH,
} from '../protocol/board/board-record.js';
import { BOARD_SHARES, type BoardShares, capacityFor, makesWay } from '../protocol/board/board-shares.js';
import type { Clock } from '../protocol/contract/ports.js';

interface Numbered {
  readonly record: BoardRecord;
  readonly sequence: number;
}

export interface BoardSnapshot {
  readonly records: readonly Numbered[];
  readonly inTouchMs: number;
}

/** One of the keys of a real node. */
const BOARD_PARTS = ['records', 'changes', 'expiry', 'runs'] as const;
export type BoardPart = (typeof BOARD_PARTS)[number];

export class MemoryBoard {
  /** In the order of their numbers: a record that is put again moves to the end. */
  private readonly records = new Map<string, Numbered>();
  private sequence = 0;
  private lives = 0;
  private memory = '';
  private inTouchMs = 0;
  /** Keys that stand since one was evicted, until the next exchange. */
  private left: Set<BoardPart> | undefined;

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly shares: BoardShares = BOARD_SHARES,
  ) {}

  /** @param incarnation of the node */
  exchange(
    puts: readonly BoardRecord[],
    cursor: BoardCursor,
    incarnation: number,
    word: BoardWord = NO_WORD,
  ): BoardExchange {
    const nowMs = this.clock.wallMs();
    this.left = undefined;
    this.open(incarnation);
    this.hear(word, cursor, incarnation);
    for (const [key, { record }] of this.records) {
      if (isExpired(record, nowMs)) this.records.delete(key);
    }
    const stored = new Set<string>();
    const answers = puts.map((record) => {
      const answer = this.put(record, nowMs);
      if (answer === 'stored') stored.add(record.key);
      return answer;
    });
    return { ...this.read(cursor, stored), inTouchMs: this.inTouchMs, puts: answers };
  }

  clear(): void {
    this.records.clear();
    this.sequence = 0;
    this.memory = '';
    this.inTouchMs = 0;
    this.left = undefined;
  }

  /** One of the keys is gone, which the next exchange notices where another one is left. */
  evict(part: BoardPart, incarnation: number): void {
    const left = this.left ?? this.heldParts();
    if (!left.delete(part)) return;
    if (left.size === 0) {
      this.clear();
      return;
    }
    this.begin(incarnation, 'evicted');
    this.left = left;
  }

  private heldParts(): Set<BoardPart> {
    const records = [...this.records.values()].map(({ record }) => record);
    const held: Readonly<Record<BoardPart, boolean>> = {
      records: true,
      changes: records.length > 0,
      expiry: records.some(({ expiresAtMs }) => expiresAtMs !== undefined),
      runs: records.some(({ key }) => makesWay(key)),
    };
    return new Set(BOARD_PARTS.filter((part) => held[part]));
  }

  snapshot(): BoardSnapshot {
    return { records: [...this.records.values()], inTouchMs: this.inTouchMs };
  }

  restore({ records, inTouchMs }: BoardSnapshot): void {
    this.clear();
    for (const one of records) this.records.set(one.record.key, one);
    this.sequence = records.at(-1)?.sequence ?? 0;
    this.inTouchMs = inTouchMs;
  }

  /** A cursor counts for one memory: numbers start anew after a loss, and fall back with an old file. */
  private open(incarnation: number): void {
    if (this.memory.startsWith(`${incarnation}:`)) return;
    this.name(incarnation, this.records.size > 0 || this.inTouchMs > 0 ? 'restart' : 'new');
  }

  private begin(incarnation: number, cause: MemoryCause): void {
    this.clear();
    this.name(incarnation, cause);
  }

  private name(incarnation: number, cause: MemoryCause): void {
    this.lives += 1;
    this.memory = `${incarnation}:${cause}:${this.lives}`;
  }

  private hear(
    { nowMs, inTouchMs, awaySinceMs }: BoardWord,
    { memory }: BoardCursor,
    incarnation: number,
  ): void {
    const isMeant = memory === this.memory;
    if (isMeant && awaySinceMs > 0 && awaySinceMs === this.inTouchMs) this.begin(incarnation, 'away');
    else if (isMeant && inTouchMs > this.inTouchMs) this.inTouchMs = inTouchMs;
    if (this.inTouchMs === 0) this.inTouchMs = nowMs;
  }

  private put(record: BoardRecord, nowMs: number): PutAnswer {
    const known = this.records.get(record.key)?.record;
    if (known !== undefined && !isNewer(record.stamp, known.stamp)) {
      return isNewer(known.stamp, record.stamp) ? 'older' : 'stored';
    }
    if (isExpired(record, nowMs)) return 'older';
    if (known === undefined && !this.hasRoomFor(record)) return makesWay(record.key) ? 'outlived' : 'full';
    this.sequence += 1;
    this.records.delete(record.key);
    this.records.set(record.key, { record, sequence: this.sequence });
    return 'stored';
  }

  /** Where there is none the oldest record of a run makes way, but not for one that is as old. */
  private hasRoomFor({ key, stamp }: BoardRecord): boolean {
    if (this.records.size < capacityFor(key, this.shares)) return true;
    const oldest = this.oldestOfRuns();
    if (oldest === undefined || (makesWay(key) && stamp.ms <= oldest.stamp.ms)) return false;
    this.records.delete(oldest.key);
    return true;
  }

  private oldestOfRuns(): BoardRecord | undefined {
    let oldest: BoardRecord | undefined;
    for (const { record } of this.records.values()) {
      if (!makesWay(record.key)) continue;
      const difference = oldest === undefined ? -1 : record.stamp.ms - oldest.stamp.ms;
      if (oldest === undefined || difference < 0 || (difference === 0 && record.key < oldest.key))
        oldest = record;
    }
    return oldest;
  }

  private read(
    cursor: BoardCursor,
    stored: ReadonlySet<string>,
  ): Pick<BoardExchange, 'changes' | 'hasMore' | 'cursor'> {
    const after = cursor.memory === this.memory ? cursor.sequence : 0;
    const changes: BoardRecord[] = [];
    let length = 0;
    let looked = 0;
    for (const { record, sequence } of this.records.values()) {
      if (sequence <= after) continue;
      if (looked === MAX_CHANGES || length >= MAX_EXCHANGE_LENGTH) {
        return { changes, hasMore: true, cursor: { memory: this.memory, sequence: sequence - 1 } };
      }
      looked += 1;
      if (stored.has(record.key)) continue;
      changes.push(record);
      length += record.key.length + record.value.length;
    }
    return { changes, hasMore: false, cursor: { memory: this.memory, sequence: this.sequence } };
  }
}
