/** The records that one instance has seen. Pure data: newest stamp per key, expiry by a given time. */

import { type BoardRecord, DELETED, isExpired, isNewer } from './board-record.js';

export class BoardMap {
  private readonly records = new Map<string, BoardRecord>();

  /** Whether the record was news. */
  merge(record: BoardRecord, nowMs: number): boolean {
    if (isExpired(record, nowMs) || !isNewer(record.stamp, this.records.get(record.key)?.stamp)) return false;
    this.records.set(record.key, record);
    return true;
  }

  /** The newest record of a key, a deletion included. */
  record(key: string): BoardRecord | undefined {
    return this.records.get(key);
  }

  value(key: string, nowMs: number): string | undefined {
    const record = this.records.get(key);
    return record !== undefined && isShown(record, nowMs) ? record.value : undefined;
  }

  /** What stands under keys that begin with `prefix`, by key. */
  list(prefix: string, nowMs: number): readonly BoardRecord[] {
    return [...this.records.values()]
      .filter((record) => record.key.startsWith(prefix) && isShown(record, nowMs))
      .sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  all(): Iterable<BoardRecord> {
    return this.records.values();
  }

  /** Drops what has expired and answers its keys. */
  sweep(nowMs: number): readonly string[] {
    const gone = [...this.records.values()].filter((record) => isExpired(record, nowMs));
    for (const { key } of gone) this.records.delete(key);
    return gone.map(({ key }) => key);
  }

  /** Forgets everything and answers the keys. */
  clear(): readonly string[] {
    const keys = [...this.records.keys()];
    this.records.clear();
    return keys;
  }
}

function isShown(record: BoardRecord, nowMs: number): boolean {
  return record.value !== DELETED && !isExpired(record, nowMs);
}
