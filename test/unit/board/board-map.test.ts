import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoardMap } from '../../../libs/distributed-schedule/src/protocol/board/board-map.js';
import {
  type BoardRecord,
  DELETED,
} from '../../../libs/distributed-schedule/src/protocol/board/board-record.js';

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
      for (const prefix of prefixes) {
        const keys = map.list(prefix, laterMs).map(({ key }) => key);
        const wanted = shown.map(({ key }) => key).filter((key) => key.startsWith(prefix));
        expect(keys).toEqual(wanted.sort());
      }
      map.clear();
      expect(map.list('', laterMs)).toEqual([]);
    }),
  );
});
