/** What one instance knows of the board, and how it stamps what it writes. */

import { BoardMap } from './board-map.js';
import { type BoardEntry, type BoardRecord, compareStamps, entryOf, type Stamp } from './board-record.js';
import { StampClock } from './board-stamp.js';

export class BoardContents {
  readonly map = new BoardMap();
  private readonly stamps: StampClock;

  /** @param id hex digits of this writer's own, random */
  constructor(
    id: string,
    private readonly nowMs: () => number,
  ) {
    this.stamps = new StampClock(id, nowMs);
  }

  /** By key. */
  list(prefix: string): readonly BoardEntry[] {
    return this.map.list(prefix, this.nowMs()).map(entryOf);
  }

  entry(key: string): BoardEntry | undefined {
    const record = this.map.shown(key, this.nowMs());
    return record === undefined ? undefined : entryOf(record);
  }

  /** A record that is newer than what is known under its key. */
  make(key: string, value: string, ttlMs: number | undefined): BoardRecord {
    const stamp = this.stamps.next(this.map.record(key)?.stamp);
    return {
      key,
      value,
      stamp,
      expiresAtMs: ttlMs === undefined ? undefined : Math.ceil(this.nowMs() + ttlMs),
    };
  }

  /** A stamp for a record that must not lose to one from a bad clock, which would outlive every later decision. */
  outbid(record: BoardRecord): Stamp | undefined {
    const rival = this.map.record(record.key)?.stamp;
    if (rival === undefined || compareStamps(rival, record.stamp) <= 0) return undefined;
    return this.stamps.isBeyondBelief(rival) ? this.stamps.next(rival) : undefined;
  }

  /** Answers which of them are news. */
  takeIn(records: readonly BoardRecord[]): readonly BoardRecord[] {
    const nowMs = this.nowMs();
    return records.filter((record) => {
      this.stamps.observe(record.stamp);
      return this.map.merge(record, nowMs);
    });
  }

  /** Answers the keys of what is gone, and of what has no room. */
  sweep(): readonly string[] {
    return [...this.map.sweep(this.nowMs()), ...this.map.trim()];
  }
}
