/** What every node of the board promises, in memory and behind Redis alike. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BOARD_START,
  type BoardCursor,
  type BoardExchange,
  type BoardNode,
} from '../../libs/distributed-schedule/src/protocol/board/board-node.js';
import {
  type BoardRecord,
  MOST_CHANGES,
  MOST_EXCHANGE_LENGTH,
  MOST_RECORDS,
} from '../../libs/distributed-schedule/src/protocol/board/board-record.js';
import type { NodeReply } from '../../libs/distributed-schedule/src/protocol/ports.js';

export interface BoardStage {
  readonly node: BoardNode;
  /** The node's time, epoch ms. */
  nowMs(): Promise<number>;
  /** Everything is forgotten; the server goes on. */
  forget(): Promise<void>;
  /** Resolves when the node's clock has passed `epochMs`. */
  passes(epochMs: number): Promise<void>;
  close(): Promise<void>;
}

let lastKey = 0;
function newKey(): string {
  lastKey += 1;
  return `key ${lastKey}`;
}

const WRITER = 'aaaaaaaaaaaa';

function recordOf(key: string, ms: number, given: Partial<BoardRecord> = {}): BoardRecord {
  return {
    key,
    value: `"${ms}"`,
    stamp: { ms, counter: 0, writer: WRITER },
    expiresAtMs: undefined,
    ...given,
  };
}

function answerOf(reply: NodeReply<BoardExchange>): BoardExchange {
  if (!reply.answered) throw new Error(`no answer: ${reply.reason}`);
  return reply.value;
}

export function describeBoardNode(name: string, start: () => Promise<BoardStage>): void {
  describe(`a node of the board ${name}`, () => {
    let stage: BoardStage;
    const exchange = async (
      puts: readonly BoardRecord[] = [],
      cursor: BoardCursor = BOARD_START,
    ): Promise<BoardExchange> => answerOf(await stage.node.exchange(puts, cursor));
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
      expect(next.epoch).not.toBe(cursor.epoch);
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
      const keys = Array.from({ length: MOST_CHANGES + 20 }, newKey);
      for (let first = 0; first < keys.length; first += 100) {
        await exchange(keys.slice(first, first + 100).map((key) => recordOf(key, 9_000)));
      }
      const { changes, hasMore } = await exchange();
      expect(hasMore).toBe(true);
      expect(changes).toHaveLength(MOST_CHANGES);
      expect((await readAll()).records.map(({ key }) => key)).toEqual(keys);
    });

    it('bounds a batch by its length too', async () => {
      await stage.forget();
      const value = 'x'.repeat(32_000);
      const keys = Array.from({ length: 20 }, newKey);
      for (const key of keys) await exchange([recordOf(key, 9_500, { value })]);
      const { changes, hasMore } = await exchange();
      expect(hasMore).toBe(true);
      expect(changes.length * value.length).toBeLessThan(MOST_EXCHANGE_LENGTH + 2 * value.length);
      expect((await readAll()).records.map(({ key }) => key)).toEqual(keys);
    });

    it('refuses a further key when it is full, and still takes what it knows', async () => {
      await stage.forget();
      for (let first = 0; first < MOST_RECORDS; first += 500) {
        await exchange(
          Array.from({ length: 500 }, (_, index) => recordOf(`full ${first + index}`, 1_000)),
          (await exchange()).cursor,
        );
      }
      const { puts } = await exchange([recordOf('one more', 1_000), recordOf('full 7', 1_001)]);
      expect(puts).toEqual(['full', 'stored']);
    });
  });
}
