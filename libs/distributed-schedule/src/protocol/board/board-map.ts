/** The records that we have seen, newest stamp per key. Forgotten ones are shown until read anew, or a paused task would run. */

import { kindOf } from './board-keys.js';
import { type BoardRecord, compareStamps, DELETED, isExpired, isNewer } from './board-record.js';
import { BOARD_SHARES, makesWay } from './board-shares.js';

export class BoardMap {
  private readonly records = new Map<string, BoardRecord>();
  /** The keys of each kind: a list of a few triggers must not look through thousands of tasks. */
  private readonly kinds = new Map<string, Set<string>>();
  /** Forgotten, and still shown. */
  private outgoing: BoardMap | undefined;

  /** Whether the record was news. */
  merge(record: BoardRecord, nowMs: number): boolean {
    const { key, stamp } = record;
    if (isExpired(record, nowMs) || !isNewer(stamp, this.records.get(key)?.stamp)) return false;
    this.records.set(key, record);
    const kind = kindOf(key);
    const ofKind = this.kinds.get(kind) ?? new Set();
    this.kinds.set(kind, ofKind.add(key));
    return true;
  }

  /** The newest record of a key, a deletion included. */
  record(key: string): BoardRecord | undefined {
    return this.records.get(key);
  }

  shown(key: string, nowMs: number): BoardRecord | undefined {
    const record = this.newest(key);
    return record !== undefined && isShown(record, nowMs) ? record : undefined;
  }

  /** What stands under keys that begin with `prefix`, by key. */
  list(prefix: string, nowMs: number): readonly BoardRecord[] {
    const keys = new Set([...this.keysUnder(prefix), ...(this.outgoing?.keysUnder(prefix) ?? [])]);
    const found: BoardRecord[] = [];
    for (const key of keys) {
      const record = this.shown(key, nowMs);
      if (record !== undefined) found.push(record);
    }
    return found.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  all(): Iterable<BoardRecord> {
    return this.records.values();
  }

  /** Drops what has expired and answers its keys. */
  sweep(nowMs: number): readonly string[] {
    const gone: string[] = [];
    for (const record of this.records.values()) if (isExpired(record, nowMs)) gone.push(record.key);
    for (const key of gone) this.drop(key);
    // What was read anew of the same key stays.
    return [...gone, ...(this.outgoing?.sweep(nowMs) ?? []).filter((key) => !this.records.has(key))];
  }

  /** Drops the oldest of what runs have left behind, where that is more than any node keeps, and answers its keys. */
  trim(most = BOARD_SHARES.runs): readonly string[] {
    const keys = [...this.kinds].flatMap(([kind, ofKind]) => (makesWay(kind) ? [...ofKind] : []));
    if (keys.length <= most) return [];
    const records = keys.flatMap((key) => this.records.get(key) ?? []);
    records.sort((one, other) => compareStamps(one.stamp, other.stamp));
    const gone = records.slice(0, records.length - most).map(({ key }) => key);
    for (const key of gone) this.drop(key);
    return gone;
  }

  /** Forgets everything, and shows it until {@link settle}. What was forgotten before that is not brought back by it. */
  readAnew(): void {
    const outgoing = this.outgoing ?? new BoardMap();
    for (const record of this.records.values()) outgoing.merge(record, Number.NEGATIVE_INFINITY);
    this.outgoing = outgoing;
    this.records.clear();
    this.kinds.clear();
  }

  /** Everything has been read anew: shows that alone, and answers the keys of which something else was shown. */
  settle(): readonly string[] {
    const { outgoing } = this;
    this.outgoing = undefined;
    if (outgoing === undefined) return [];
    return [...outgoing.all()]
      .filter(({ key, stamp }) => isNewer(stamp, this.records.get(key)?.stamp))
      .map(({ key }) => key);
  }

  private newest(key: string): BoardRecord | undefined {
    const [record, outgoing] = [this.records.get(key), this.outgoing?.records.get(key)];
    return outgoing !== undefined && isNewer(outgoing.stamp, record?.stamp) ? outgoing : record;
  }

  private *keysUnder(prefix: string): Iterable<string> {
    for (const [kind, keys] of this.kinds) {
      if (!kind.startsWith(prefix) && !prefix.startsWith(kind)) continue;
      for (const key of keys) if (key.startsWith(prefix)) yield key;
    }
  }

  private drop(key: string): void {
    this.records.delete(key);
    const kind = kindOf(key);
    const ofKind = this.kinds.get(kind);
    ofKind?.delete(key);
    if (ofKind?.size === 0) this.kinds.delete(kind);
  }
}

function isShown(record: BoardRecord, nowMs: number): boolean {
  return record.value !== DELETED && !isExpired(record, nowMs);
}
