/** The board of one memory node. The model of the script in redis/board-script.ts. Node time only. */

import type { BoardCursor, BoardExchange, PutAnswer } from '../protocol/board/board-node.js';
import {
  type BoardRecord,
  isExpired,
  isNewer,
  MOST_CHANGES,
  MOST_EXCHANGE_LENGTH,
  MOST_RECORDS,
} from '../protocol/board/board-record.js';
import type { Clock } from '../protocol/ports.js';

interface Numbered {
  readonly record: BoardRecord;
  readonly sequence: number;
}

export type BoardSnapshot = readonly Numbered[];

export class MemoryBoard {
  /** In the order of their numbers: a record that is put again moves to the end. */
  private readonly records = new Map<string, Numbered>();
  private sequence = 0;
  private lives = 0;
  private epoch = '';

  constructor(
    private readonly clock: Pick<Clock, 'wallMs'>,
    private readonly mostRecords = MOST_RECORDS,
  ) {}

  /** @param incarnation of the node */
  exchange(puts: readonly BoardRecord[], cursor: BoardCursor, incarnation: number): BoardExchange {
    const nowMs = this.clock.wallMs();
    this.open(incarnation);
    for (const [key, { record }] of this.records) {
      if (isExpired(record, nowMs)) this.records.delete(key);
    }
    const stored = new Set<string>();
    const answers = puts.map((record) => {
      const answer = this.put(record, nowMs);
      if (answer === 'stored') stored.add(record.key);
      return answer;
    });
    return { ...this.read(cursor, stored), puts: answers };
  }

  clear(): void {
    this.records.clear();
    this.sequence = 0;
    this.epoch = '';
  }

  snapshot(): BoardSnapshot {
    return [...this.records.values()];
  }

  restore(snapshot: BoardSnapshot): void {
    this.clear();
    for (const one of snapshot) this.records.set(one.record.key, one);
    this.sequence = snapshot.at(-1)?.sequence ?? 0;
  }

  /** A cursor counts for one memory: numbers start anew after a loss, and fall back with an old file. */
  private open(incarnation: number): void {
    if (this.epoch.startsWith(`${incarnation}:`)) return;
    this.lives += 1;
    this.epoch = `${incarnation}:${this.lives}`;
  }

  private put(record: BoardRecord, nowMs: number): PutAnswer {
    const known = this.records.get(record.key)?.record;
    if (known !== undefined && !isNewer(record.stamp, known.stamp)) {
      return isNewer(known.stamp, record.stamp) ? 'older' : 'stored';
    }
    if (isExpired(record, nowMs)) return 'older';
    if (known === undefined && this.records.size >= this.mostRecords) return 'full';
    this.sequence += 1;
    this.records.delete(record.key);
    this.records.set(record.key, { record, sequence: this.sequence });
    return 'stored';
  }

  private read(cursor: BoardCursor, stored: ReadonlySet<string>): Omit<BoardExchange, 'puts'> {
    const after = cursor.epoch === this.epoch ? cursor.sequence : 0;
    const changes: BoardRecord[] = [];
    let length = 0;
    let looked = 0;
    for (const { record, sequence } of this.records.values()) {
      if (sequence <= after) continue;
      if (looked === MOST_CHANGES || length >= MOST_EXCHANGE_LENGTH) {
        return { changes, hasMore: true, cursor: { epoch: this.epoch, sequence: sequence - 1 } };
      }
      looked += 1;
      if (stored.has(record.key)) continue;
      changes.push(record);
      length += record.key.length + record.value.length;
    }
    return { changes, hasMore: false, cursor: { epoch: this.epoch, sequence: this.sequence } };
  }
}
