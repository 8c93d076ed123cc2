/** What the fences refuse before they ask a store. Their rule on real stores is tested in test/integration/once. */

import { fencedSet } from 'nestjs-distributed-schedule';
import { fencedUpdate, fenceSql } from 'nestjs-distributed-schedule/postgres';
import { expect, it } from 'vitest';

const UPDATE = { table: 'account', set: { balance: 9 }, where: { id: 1 }, token: 9, claimId: 'c' };
const WRITE = { key: 'price', value: '7', token: 9, claimId: 'c' };

const untouched = () => {
  throw new Error('the store was asked');
};
const POOL = { query: untouched };
const REDIS = { evalsha: untouched, eval: untouched };

it.each<[string, object, string, string]>([
  ['a rule that is none', { repeat: 'no' }, 'DSCHED_BAD_OPTION', "it takes 'allow' or 'refuse'"],
  ['a key that does not exist', { fences: 'f' }, 'DSCHED_UNKNOWN_OPTION', "no option 'fences'"],
  ['no claim id', { claimId: undefined }, 'DSCHED_BAD_OPTION', 'claimId is no claim id'],
  ['a row by undefined', { where: { id: undefined } }, 'DSCHED_BAD_OPTION', 'where has a column'],
  ['a row by null', { where: { id: null } }, 'DSCHED_BAD_OPTION', 'where has a column that is null'],
  ['a row by nothing', { where: undefined }, 'DSCHED_BAD_OPTION', 'where is no object'],
  ['a value that is undefined', { set: { balance: undefined } }, 'DSCHED_BAD_OPTION', 'set has a column'],
])('a fenced row is not asked for with %s', async (_case, given, code, message) => {
  const update = { ...UPDATE, ...given } as typeof UPDATE;
  await expect(fencedUpdate(POOL, update)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

it.each<[string, object, string]>([
  ['a rule that is none', { repeat: 'no' }, 'DSCHED_BAD_OPTION'],
  ['no claim id', { claimId: undefined }, 'DSCHED_BAD_OPTION'],
  ['a key that does not exist', { ttl: 5 }, 'DSCHED_UNKNOWN_OPTION'],
])('a fenced value is not asked for with %s', async (_case, given, code) => {
  await expect(fencedSet(REDIS, { ...WRITE, ...given })).rejects.toMatchObject({ code });
});

it('the condition by itself is not made with a rule that is none, or with a key that does not exist', () => {
  const condition = { parameter: 1, claimParameter: 2 };
  expect(() => fenceSql({ ...condition, repeat: 'no' as never })).toThrow('DSCHED_BAD_OPTION');
  expect(() => fenceSql({ ...condition, claimParameter: 0 })).toThrow('DSCHED_BAD_OPTION');
  expect(() => fenceSql({ parameter: 1 } as never)).toThrow('DSCHED_BAD_OPTION');
  expect(() => fenceSql({ ...condition, column: 'fence' } as never)).toThrow('DSCHED_UNKNOWN_OPTION');
});

it('a name with a dot is one name, and a list is schema and name', async () => {
  const texts: string[] = [];
  const pool = {
    query: async (sql: string) => {
      texts.push(sql);
      return { rows: [], rowCount: 1 };
    },
  };
  await fencedUpdate(pool, { ...UPDATE, table: 'billing.account' });
  await fencedUpdate(pool, { ...UPDATE, table: ['billing', 'account'] });
  expect(texts[0]).toMatch(/^UPDATE "billing\.account" SET/);
  expect(texts[1]).toMatch(/^UPDATE "billing"\."account" SET/);
});
