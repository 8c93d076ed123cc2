/** What every node of the board promises, in memory and behind Redis alike. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lossBetween } from '#src/protocol/board/board-memory.js';
import {
  BOARD_START,
  type BoardCursor,
  type BoardExchange,
  type BoardWord,
  NO_WORD,
} from '#src/protocol/board/board-node.js';
import { type BoardRecord, MAX_CHANGES, MAX_EXCHANGE_LENGTH } from '#src/protocol/board/board-record.js';
import { BOARD_SHARES } from '#src/protocol/board/board-shares.js';
import { answerOf, type BoardNodeStage, newKey, recordOf } from './board-node-stage.js';

export function describeBoardNode(name: string, start: () => Promise<BoardNodeStage>): void {
  describe(`a node of the board ${name}`, () => {
    let stage: BoardNodeStage;
    const exchange = async (
      puts: readonly BoardRecord[] = [],
      cursor: BoardCursor = BOARD_START,
      word: BoardWord = NO_WORD,
    ): Promise<BoardExchange> => answerOf(await stage.node.exchange(puts, cursor, word));
    /** The cursor after everything that is there now. */
    const readAll = async (): Promise<{ cursor: BoardCursor; records: readonly BoardRecord[] }> => {
      const records: BoardRecord[] = [];
      let cursor = BOARD_START;
      for (;;) {
        const { changes, hasMore, cursor: next } = await exchange([], cursor);
        records.push(...changes);
        cursor = next;
        if (!hasMore) return { cursor, records };
      }
    };
    const find = async (key: string): Promise<BoardRecord | undefined> =>
      (await readAll()).records.find((record) => record.key === key);

    beforeAll(async () => {
      stage = await start();
    });
    afterAll(async () => stage?.close());

    it('keeps what was put, as it was put', async () => {
      const plain = recordOf(newKey(), 1_000, { value: '{"text":"ä € 𝄞 \\n","list":[1,2]}' });
      const brief = recordOf(newKey(), 1_001, { expiresAtMs: (await stage.nowMs()) + 60_000 });
      const deleted = recordOf(newKey(), 1_002, { value: '' });
      expect((await exchange([plain, brief, deleted])).puts).toEqual(['stored', 'stored', 'stored']);
      expect(await find(plain.key)).toEqual(plain);
      expect(await find(brief.key)).toEqual(brief);
      expect(await find(deleted.key)).toEqual(deleted);
    });

    it('keeps the record with the newest stamp, in whichever order they come', async () => {
      const key = newKey();
      const stamps = [
        { ms: 2_000, counter: 0, writer: '0000000000ff' },
        { ms: 2_000, counter: 1, writer: '000000000001' },
        { ms: 2_000, counter: 1, writer: '00000000000a' },
        { ms: 2_000, counter: 10, writer: '000000000001' },
        { ms: 10_000, counter: 0, writer: '000000000001' },
      ];
      const records = stamps.map((stamp, index) => recordOf(key, 0, { stamp, value: String(index) }));
      for (const [older, newer] of records
        .slice(1)
        .map((record, index) => [records[index], record] as const)) {
        if (older === undefined) throw new Error('no record');
        await stage.forget();
        expect((await exchange([newer, older])).puts).toEqual(['stored', 'older']);
        expect(await find(key)).toEqual(newer);
        await stage.forget();
        expect((await exchange([older, newer])).puts).toEqual(['stored', 'stored']);
        expect(await find(key)).toEqual(newer);
      }
    });

    it('changes nothing when a record is put again', async () => {
      const record = recordOf(newKey(), 3_000);
      await exchange([record]);
      const { cursor } = await readAll();
      expect(await exchange([record], cursor)).toMatchObject({ puts: ['stored'], changes: [], cursor });
    });

    it('tells a reader only what has changed since its cursor, and each key once', async () => {
      const [one, other] = [newKey(), newKey()];
      await exchange([recordOf(one, 4_000), recordOf(other, 4_000)]);
      const { cursor } = await readAll();
      expect((await exchange([], cursor)).changes).toEqual([]);
      await exchange([recordOf(one, 4_001)]);
      await exchange([recordOf(one, 4_002)]);
      const { changes, cursor: next } = await exchange([], cursor);
      expect(changes).toEqual([recordOf(one, 4_002)]);
      expect((await exchange([], next)).changes).toEqual([]);
    });

    it('does not send back what it was given in the same message, but the newer record in its place', async () => {
      const [own, foreign] = [newKey(), newKey()];
      await exchange([recordOf(foreign, 5_001)]);
      const { puts, changes } = await exchange([recordOf(own, 5_000), recordOf(foreign, 5_000)]);
      expect(puts).toEqual(['stored', 'older']);
      expect(changes).toContainEqual(recordOf(foreign, 5_001));
      expect(changes.map(({ key }) => key)).not.toContain(own);
    });

    it('names another memory after it has lost it, and is read from the start', async () => {
      const [lost, kept] = [newKey(), newKey()];
      await exchange([recordOf(lost, 6_000)]);
      const { cursor } = await readAll();
      await stage.forget();
      await exchange([recordOf(kept, 6_000)]);
      const { changes, cursor: next } = await exchange([], cursor);
      expect(next.memory).not.toBe(cursor.memory);
      expect(changes).toEqual([recordOf(kept, 6_000)]);
    });

    it('drops a record when its time has come by the clock of the node', async () => {
      const key = newKey();
      const expiresAtMs = (await stage.nowMs()) + 150;
      await exchange([recordOf(key, 7_000, { expiresAtMs })]);
      expect(await find(key)).toBeDefined();
      await stage.passes(expiresAtMs);
      expect(await find(key)).toBeUndefined();
      expect((await exchange([recordOf(key, 7_000, { expiresAtMs })])).puts).toEqual(['older']);
      expect((await exchange([recordOf(key, 6_999)])).puts).toEqual(['stored']);
    });

    it('lets a record live on that was put again without an end', async () => {
      const key = newKey();
      const expiresAtMs = (await stage.nowMs()) + 50;
      await exchange([recordOf(key, 8_000, { expiresAtMs })]);
      await exchange([recordOf(key, 8_001)]);
      await stage.passes(expiresAtMs);
      expect(await find(key)).toEqual(recordOf(key, 8_001));
    });

    it('sends no more than one batch at a time, and all of it in the end', async () => {
      await stage.forget();
      const keys = Array.from({ length: MAX_CHANGES + 20 }, newKey);
      for (let first = 0; first < keys.length; first += 100) {
        await exchange(keys.slice(first, first + 100).map((key) => recordOf(key, 9_000)));
      }
      const { changes, hasMore } = await exchange();
      expect(hasMore).toBe(true);
      expect(changes).toHaveLength(MAX_CHANGES);
      expect((await readAll()).records.map(({ key }) => key)).toEqual(keys);
    });

    it('bounds a batch by its length too', async () => {
      await stage.forget();
      const value = 'x'.repeat(32_000);
      const keys = Array.from({ length: 20 }, newKey);
      for (const key of keys) await exchange([recordOf(key, 9_500, { value })]);
      const { changes, hasMore } = await exchange();
      expect(hasMore).toBe(true);
      expect(changes.length * value.length).toBeLessThan(MAX_EXCHANGE_LENGTH + 2 * value.length);
      expect((await readAll()).records.map(({ key }) => key)).toEqual(keys);
    });

    it.each(['records', 'changes', 'expiry', 'runs'] as const)(
      'begins anew when one of its keys was removed, and says so: %s',
      async (part) => {
        await stage.forget();
        const lasting = recordOf(newKey(), 1_000);
        const brief = recordOf(newKey(), 1_000, { expiresAtMs: (await stage.nowMs()) + 60_000 });
        const run = recordOf(`in:a:run:${newKey()}`, 1_000);
        const { cursor } = await exchange([lasting, brief, run]);
        await stage.evict(part);
        const later = recordOf(newKey(), 1_001);
        const { changes, cursor: next } = await exchange([later], cursor);
        expect(changes).toEqual([]);
        expect(lossBetween(cursor.memory, next.memory)).toBe('evicted');
        expect((await readAll()).records).toEqual([later]);
      },
    );

    it('does not take an empty part of it for one that was removed', async () => {
      await stage.forget();
      const { cursor } = await exchange([recordOf(newKey(), 1_000)]);
      for (const part of ['expiry', 'runs'] as const) await stage.evict(part);
      expect((await exchange([], cursor)).cursor).toEqual(cursor);
    });

    it('tells when it was in touch for the last time, as it was told of this memory', async () => {
      await stage.forget();
      const word = (given: Partial<BoardWord>): BoardWord => ({ ...NO_WORD, ...given });
      expect((await exchange([recordOf(newKey(), 1)])).inTouchMs).toBe(0);
      const { inTouchMs, cursor } = await exchange([], BOARD_START, word({ nowMs: 1_000 }));
      expect(inTouchMs).toBe(1_000);
      expect((await exchange([], BOARD_START, word({ nowMs: 2_000, inTouchMs: 1_900 }))).inTouchMs).toBe(
        1_000,
      );
      expect((await exchange([], cursor, word({ nowMs: 2_000, inTouchMs: 1_900 }))).inTouchMs).toBe(1_900);
      expect((await exchange([], cursor, word({ nowMs: 2_000, inTouchMs: 1_800 }))).inTouchMs).toBe(1_900);
      expect((await exchange()).inTouchMs).toBe(1_900);
      await stage.forget();
      expect((await exchange([], cursor, word({ nowMs: 3_000, inTouchMs: 2_900 }))).inTouchMs).toBe(3_000);
    });

    it('throws away what it kept when it is told that it was away, once', async () => {
      await stage.forget();
      const [old, young] = [recordOf(newKey(), 1_000), recordOf(newKey(), 1_001)];
      const { cursor } = await exchange([old], BOARD_START, { ...NO_WORD, nowMs: 1_000 });
      const away = { nowMs: 9_000, inTouchMs: 0, awaySinceMs: 1_000 };
      // Of another moment, and of another memory.
      await exchange([], cursor, { ...away, awaySinceMs: 999 });
      await exchange([], BOARD_START, away);
      expect((await readAll()).records).toEqual([old]);
      const { cursor: next, inTouchMs, changes } = await exchange([], cursor, away);
      expect({ changes, inTouchMs, loss: lossBetween(cursor.memory, next.memory) }).toEqual({
        changes: [],
        inTouchMs: 9_000,
        loss: 'away',
      });
      await exchange([young], next);
      await exchange([], cursor, away);
      expect((await readAll()).records).toEqual([young]);
    });

    describe('that fills up', () => {
      const fill = async (
        keyOf: (index: number) => string,
        count: number,
        firstMs = 1_000,
      ): Promise<void> => {
        for (let first = 0; first < count; first += 500) {
          const length = Math.min(500, count - first);
          const { cursor } = await exchange();
          await exchange(
            Array.from({ length }, (_, index) => recordOf(keyOf(first + index), firstMs + first + index)),
            cursor,
          );
        }
      };
      const run = (index: number): string => `in:a:run:${index}`;

      it('lets the oldest records of runs go for newer ones and for what is decided', async () => {
        await stage.forget();
        await fill(run, BOARD_SHARES.runs);
        const late = 1_000 + BOARD_SHARES.runs;
        const tooOld = recordOf('in:a:told:missed:x', 1_000);
        const known = recordOf(run(2), late);
        expect((await exchange([tooOld, known, recordOf('in:a:run:new', late + 1)])).puts).toEqual([
          'outlived',
          'stored',
          'stored',
        ]);
        expect([await find(run(0)), await find(run(1))]).toEqual([undefined, recordOf(run(1), 1_001)]);
        await fill((index) => `in:a:task:${index}`, BOARD_SHARES.tasks - BOARD_SHARES.runs);
        expect(await find(run(1))).toBeDefined();
        const decided = ['in:a:task:more', 'in:a:pause:x', 'in:a:trigger:1:x:y', 'instance:z'];
        expect((await exchange(decided.map((key) => recordOf(key, 1_000)))).puts).toEqual(
          Array(4).fill('stored'),
        );
        // Only tasks have used up their share.
        expect([await find(run(1)), await find(run(3))]).toEqual([undefined, recordOf(run(3), 1_003)]);
      });

      it('keeps room for decisions where tasks have filled it, and for notices where decisions have', async () => {
        await stage.forget();
        const { tasks, decisions, notices } = BOARD_SHARES;
        await fill((index) => `in:a:task:${index}`, tasks);
        const puts = async (...keys: string[]): Promise<readonly string[]> =>
          (await exchange(keys.map((key) => recordOf(key, 2_000_000)))).puts;
        expect(await puts('in:a:task:more', 'in:a:run:x', 'in:a:pause:x', 'in:a:task:7')).toEqual([
          'full',
          'outlived',
          'stored',
          'stored',
        ]);
        await fill((index) => `in:a:pause:${index}`, decisions - tasks - 1);
        expect(await puts('in:a:plan:more', 'instance:x', 'alive:x')).toEqual(['full', 'stored', 'stored']);
        await fill((index) => `instance:${index}`, notices - decisions - 2);
        expect(await puts('instance:more', 'instance:x')).toEqual(['full', 'stored']);
      });
    });
  });
}
