import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoardMap } from '#src/protocol/board/board-map.js';
import { type BoardRecord, DELETED } from '#src/protocol/board/board-record.js';

const NOW_MS = 1_000;
const KEYS = fc.constantFrom(
  ...['alive:a', 'alive:b', 'set:a:0', 'plain', 'in:', 'in:room', 'in:room:', 'in:other:task:x'],
  ...['in:room:task:a', 'in:room:task:b:c', 'in:room:pause:a', 'in:room:trigger:5:id:a', 'in:room:odd'],
);
const PREFIXES = fc.oneof(
  KEYS,
  fc.constantFrom('', 'a', 'alive:', 'in:r', 'in:room:t', 'in:room:task:', 'in:room:trigger:5', 'none:'),
);

it('lists the same by any prefix, kept by kind, as a look through all records does', () => {
  const records = fc.array(
    fc.record({
      key: KEYS,
      value: fc.constantFrom('1', '2', DELETED),
      ms: fc.integer({ min: 1, max: 9 }),
      expiresAtMs: fc.constantFrom(undefined, NOW_MS + 5, NOW_MS + 50),
    }),
  );
  fc.assert(
    fc.property(records, fc.array(PREFIXES), fc.boolean(), (written, prefixes, isSwept) => {
      const map = new BoardMap();
      for (const { ms, expiresAtMs, ...record } of written) {
        const stamp: BoardRecord['stamp'] = { ms, counter: 0, writer: 'one' };
        map.merge({ ...record, stamp, expiresAtMs }, NOW_MS);
      }
      const laterMs = NOW_MS + 10;
      if (isSwept) map.sweep(laterMs);
      const shown = [...map.all()].filter(
        ({ value, expiresAtMs = Number.POSITIVE_INFINITY }) => value !== DELETED && expiresAtMs > laterMs,
      );
      const gone = [...map.all()].map(({ key }) => key).sort();
      for (const prefix of prefixes) {
        const keys = map.list(prefix, laterMs).map(({ key }) => key);
        const wanted = shown.map(({ key }) => key).filter((key) => key.startsWith(prefix));
        expect(keys).toEqual(wanted.sort());
      }
      map.readAnew();
      expect([...map.all()]).toEqual([]);
      expect(map.list('', laterMs).map(({ key }) => key)).toEqual(shown.map(({ key }) => key).sort());
      expect([...map.settle()].sort()).toEqual(isSwept ? gone : expect.arrayContaining(gone));
      expect(map.list('', laterMs)).toEqual([]);
    }),
  );
});

describe('a map that begins anew', () => {
  const record = (key: string, ms: number): BoardRecord => ({
    key,
    value: String(ms),
    stamp: { ms, counter: 0, writer: 'one' },
    expiresAtMs: undefined,
  });
  const view = (map: BoardMap): unknown => map.list('', NOW_MS).map(({ key, value }) => `${key}=${value}`);

  it('shows what it knew until it is settled, and newer records at once', () => {
    const map = new BoardMap();
    for (const one of [record('a', 1), record('b', 1), record('c', 5)]) map.merge(one, NOW_MS);
    map.readAnew();
    for (const one of [record('a', 2), record('b', 1), record('c', 3)]) map.merge(one, NOW_MS);
    expect(view(map)).toEqual(['a=2', 'b=1', 'c=5']);
    expect([map.shown('a', NOW_MS)?.value, map.shown('c', NOW_MS)?.value]).toEqual(['2', '5']);
    expect(map.record('c')?.value).toBe('3');
    expect(map.settle()).toEqual(['c']);
    expect(view(map)).toEqual(['a=2', 'b=1', 'c=3']);
    expect(map.settle()).toEqual([]);
  });

  it('still shows what it knew before it began anew for a second time', () => {
    const map = new BoardMap();
    map.merge(record('a', 1), NOW_MS);
    map.readAnew();
    map.merge(record('b', 1), NOW_MS);
    map.readAnew();
    expect(view(map)).toEqual(['a=1', 'b=1']);
    expect([...map.settle()].sort()).toEqual(['a', 'b']);
  });
});

it('drops the oldest of what runs have left behind, and nothing else, where it is more than nodes keep', () => {
  const map = new BoardMap();
  const keys = ['in:a:run:x', 'in:a:run:y', 'in:b:told:lost:x', 'in:a:task:x', 'instance:x', 'in:a:run:z'];
  for (const [ms, key] of keys.entries()) {
    const stamp = { ms: 10 - ms, counter: 0, writer: 'one' };
    map.merge({ key, value: '1', stamp, expiresAtMs: undefined }, NOW_MS);
  }
  expect(map.trim(4)).toEqual([]);
  expect(map.trim(2)).toEqual(['in:a:run:z', 'in:b:told:lost:x']);
  expect(map.list('', NOW_MS)).toHaveLength(4);
});
