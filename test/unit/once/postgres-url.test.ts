import { inspect } from 'node:util';
import { type PostgresSnapshotOptions, postgresSnapshots } from 'nestjs-distributed-schedule/postgres';
import { describe, expect, it } from 'vitest';

function refusalOf(postgres: PostgresSnapshotOptions['postgres']): unknown {
  try {
    postgresSnapshots({ postgres });
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a PostgreSQL URL', () => {
  it.each([
    ['a port that is none', 'postgres://me:hush@db:54x32/shop'],
    ['a port that is too large', 'postgres://me:hush@db:99999/shop'],
    ['a # in its password', 'postgres://me:hu#sh@db:5432/shop'],
    ['an open bracket', 'postgres://me:hush@[::1/shop'],
    ['a certificate that is not there', 'postgres://me:hush@db/shop?sslrootcert=/nowhere/ca.pem'],
  ])('with %s stops the boot, and is not shown', (_case, url) => {
    for (const given of [url, { connectionString: url }]) {
      const error = refusalOf(given);
      expect(error).toMatchObject({
        code: 'DSCHED_BAD_OPTION',
        message: expect.stringContaining('an URL that cannot be parsed'),
      });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hush|hu#sh|me:h|@db/);
    }
  });

  it.each([
    'postgres://me:hush@db:5432/shop?sslmode=verify-full',
    'postgresql://db',
    'postgres://me@/shop?host=/var/run/postgresql',
    'postgres://me:p%40ss@[::1]:5432/shop',
  ])('%s is taken, without a connection', (url) => {
    expect(refusalOf(url)).toBeUndefined();
  });
});
