/** What one node keeps, as far as it was heard, and what it lacks: that is owed to it. */

import type { Clock, Random } from '../contract/ports.js';
import type { BoardMap } from './board-map.js';
import {
  BOARD_PERIOD_MS,
  type BoardRecord,
  isExpired,
  isNewer,
  MAX_EXCHANGE_LENGTH,
  type Stamp,
} from './board-record.js';

export interface BoardDebtsParts {
  readonly map: BoardMap;
  readonly clock: Clock;
  readonly random: Random;
  /** Cluster time. */
  readonly nowMs: () => number;
}

/** Writers put a record on every node. Readers wait this long before they put it too, or each would send it. */
const OTHERS_FIRST_MS = 2 * BOARD_PERIOD_MS;

/** A full node is asked again after this. */
const FULL_PAUSE_MS = 30_000;

export class BoardDebts {
  private readonly known = new Map<string, Stamp>();
  /** Keys that the node may lack, with the monotonic instant from which they are put. */
  private readonly owed = new Map<string, number>();

  constructor(private readonly parts: BoardDebtsParts) {}

  note({ key, stamp }: BoardRecord, isOwn: boolean): void {
    if (isNewer(stamp, this.known.get(key))) this.owe(key, isOwn ? 0 : OTHERS_FIRST_MS);
  }

  /** The node keeps this record, or one that counts for it. */
  keeps(key: string, stamp: Stamp): void {
    if (isNewer(stamp, this.known.get(key))) this.known.set(key, stamp);
  }

  /** The node has told what it keeps, which may be older than what it was thought to keep. */
  tells(key: string, stamp: Stamp): void {
    this.known.set(key, stamp);
  }

  /** The node has no room for it. */
  refuses(key: string): void {
    this.owe(key, FULL_PAUSE_MS);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.known.delete(key);
      this.owed.delete(key);
    }
  }

  /** It is not known what the node keeps. */
  clear(): void {
    this.known.clear();
    this.owed.clear();
  }

  /** The node has been read from its start: what it lacks is owed. Spread, since every instance finds the same gap. */
  refill(): void {
    const { map, random } = this.parts;
    const laterMs = random.next() * OTHERS_FIRST_MS;
    for (const { key, stamp } of map.all()) if (isNewer(stamp, this.known.get(key))) this.owe(key, laterMs);
  }

  due(most: number): readonly BoardRecord[] {
    const { clock, map, nowMs } = this.parts;
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
      if (due.length >= most || (due.length > 0 && length > MAX_EXCHANGE_LENGTH)) break;
      due.push(record);
    }
    return due;
  }

  private owe(key: string, laterMs: number): void {
    this.owed.set(key, this.parts.clock.monotonicMs() + laterMs);
  }
}
