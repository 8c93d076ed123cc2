import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fencedUpdate, fenceSql } from '#src/postgres/fenced-update.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';

describe.skipIf(lacksPostgres('fences in PostgreSQL'))('a fenced row in PostgreSQL', () => {
  const server = sharedPostgres();
  const write = (
    id: number,
    balance: number,
    token: number,
    more: { readonly repeat?: 'allow' | 'refuse'; readonly claimId?: string } = {},
  ) =>
    fencedUpdate(server.pool(), {
      table: ['public', 'Account'],
      set: { balance },
      where: { id },
      token,
      claimId: `claim of ${token}`,
      ...more,
    });

  beforeAll(async () => {
    const pool = server.pool();
    await pool.query(
      'CREATE TABLE "Account" (id INTEGER PRIMARY KEY, balance INTEGER, fence BIGINT, fence_claim TEXT)',
    );
    await pool.query('INSERT INTO "Account" VALUES (1, 0, NULL), (2, 0, NULL), (4, 0, NULL)');
  });

  it('takes a first token, a larger one and the same one, and refuses a smaller one', async () => {
    expect(await write(1, 10, 1_700_000_000_000)).toEqual({ kind: 'written' });
    expect(await write(1, 11, 1_700_000_000_000)).toEqual({ kind: 'written' });
    expect(await write(1, 12, 1_700_000_000_001)).toEqual({ kind: 'written' });
    expect(await write(1, 13, 1_700_000_000_000)).toEqual({ kind: 'stale', newest: 1_700_000_000_001 });
    expect((await server.pool().query('SELECT * FROM "Account" WHERE id = 1')).rows).toEqual([
      { id: 1, balance: 12, fence: '1700000000001', fence_claim: 'claim of 1700000000001' },
    ]);
  });

  it('refuses the same token of another claim', async () => {
    expect(await write(4, 1, 7, { claimId: 'a' })).toEqual({ kind: 'written' });
    expect(await write(4, 2, 7, { claimId: 'b' })).toEqual({ kind: 'stale', newest: 7 });
    expect(await write(4, 3, 7, { claimId: 'a' })).toEqual({ kind: 'written' });
    expect(await write(4, 4, 8, { claimId: 'b' })).toEqual({ kind: 'written' });
    expect(await write(4, 5, 7, { claimId: 'a' })).toEqual({ kind: 'stale', newest: 8 });
  });

  it('refuses the same token too where each run may write once', async () => {
    const once = { repeat: 'refuse' } as const;
    expect(await write(2, 1, 7, once)).toEqual({ kind: 'written' });
    expect(await write(2, 2, 7, once)).toEqual({ kind: 'stale', newest: 7 });
    expect(await write(2, 2, 8, once)).toEqual({ kind: 'written' });
  });

  describe('of several', () => {
    const writeBatch = (
      token: number,
      more: {
        readonly claimId?: string;
        readonly repeat?: 'allow' | 'refuse';
        readonly key?: string | string[];
      } = {},
    ) =>
      fencedUpdate(server.pool(), {
        ...{ table: 'entry', set: { amount: token }, where: { batch: 7 } },
        ...{ token, claimId: `claim of ${token}`, ...more },
      });
    const amounts = async (): Promise<number[]> => {
      const { rows } = await server.pool().query('SELECT amount FROM entry WHERE batch = 7 ORDER BY line');
      return rows.map(({ amount }) => Number(amount));
    };
    beforeEach(async () => {
      await server.pool().query(
        `DROP TABLE IF EXISTS entry;
         CREATE TABLE entry (batch INTEGER, line INTEGER, amount INTEGER, fence BIGINT, fence_claim TEXT);
         INSERT INTO entry VALUES (7, 1, 0, NULL, NULL), (7, 2, 0, 20, 'claim of 20'), (7, 3, 0, 10, 'another'),
           (8, 1, 0, 99, 'claim of 99')`,
      );
    });

    it('is written where none is stale', async () => {
      expect(await writeBatch(30)).toEqual({ kind: 'written' });
      expect(await amounts()).toEqual([30, 30, 30]);
    });

    it('is stale where one is, with how many were written and which were not', async () => {
      expect(await writeBatch(10)).toEqual({ kind: 'stale', newest: 20, rows: { written: 1, stale: 2 } });
      expect(await amounts()).toEqual([10, 0, 0]);
      expect(await writeBatch(10, { key: 'line' })).toEqual({
        ...{ kind: 'stale', newest: 20 },
        rows: { written: 1, stale: 2, staleKeys: [{ line: 2 }, { line: 3 }] },
      });
    });

    it('refuses the same token of another claim, row by row', async () => {
      expect(await writeBatch(20, { key: ['batch', 'line'], claimId: 'another' })).toEqual({
        ...{ kind: 'stale', newest: 20 },
        rows: { written: 2, stale: 1, staleKeys: [{ batch: 7, line: 2 }] },
      });
      expect(await amounts()).toEqual([20, 0, 20]);
    });

    it('refuses, where each run writes once, what this very run has written', async () => {
      expect(await writeBatch(20, { key: 'line', repeat: 'refuse' })).toEqual({
        ...{ kind: 'stale', newest: 20 },
        rows: { written: 2, stale: 1, staleKeys: [{ line: 2 }] },
      });
      expect(await writeBatch(20, { key: 'line', repeat: 'refuse' })).toEqual({
        ...{ kind: 'stale', newest: 20 },
        rows: { written: 0, stale: 3, staleKeys: [{ line: 1 }, { line: 2 }, { line: 3 }] },
      });
    });

    it('is not told of by a key that is none', async () => {
      await expect(writeBatch(30, { key: [] })).rejects.toMatchObject({ code: 'DSCHED_BAD_OPTION' });
      await expect(writeBatch(30, { key: '' })).rejects.toMatchObject({ code: 'DSCHED_BAD_OPTION' });
      expect(await amounts()).toEqual([0, 0, 0]);
    });
  });

  it('says so when there is no such row', async () => {
    expect(await write(3, 1, 7)).toEqual({ kind: 'missing' });
  });

  it('comes with a condition for statements of one’s own, with quoted names', async () => {
    expect(fenceSql({ claim: 'c', parameter: 3, claimParameter: 4 })).toBe(
      '("fence" IS NULL OR "fence" < $3::bigint OR ("fence" = $3::bigint AND "c" = $4::text))',
    );
    expect(fenceSql({ fence: 'a"b', parameter: 1, claimParameter: 2, repeat: 'refuse' })).toBe(
      '("a""b" IS NULL OR "a""b" < $1::bigint)',
    );
  });

  it.each([
    ['a token that is none', { token: Number.NaN }],
    ['a claim id that is none', { claimId: '' }],
    ['no condition', { where: {} }],
    ['a name that is none', { table: '' }],
    ['a name with NUL', { set: { 'a\0': 1 } }],
  ])('is not written with %s', async (_, given) => {
    const update = {
      table: 'Account',
      set: { balance: 9 },
      where: { id: 1 },
      token: 9,
      claimId: 'c',
      ...given,
    };
    await expect(fencedUpdate(server.pool(), update)).rejects.toMatchObject({ code: 'DSCHED_BAD_OPTION' });
  });
});
