import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fencedUpdate, fenceSql } from '#src/postgres/fenced-update.js';
import { migrationSql } from '#src/postgres/migration.js';
import { postgresSnapshots } from '#src/postgres/postgres-snapshots.js';
import { pruneSnapshots } from '#src/postgres/prune-snapshots.js';
import { SystemRandom } from '#src/system/system-random.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { CLOCK, newJob, runIn, storeIn } from './once-in-postgres.js';

describe.skipIf(lacksPostgres('the table of the snapshots'))(
  'the table of the snapshots in PostgreSQL',
  () => {
    let server: PostgresServer;
    const inDatabase = async (name: string): Promise<pg.Pool> => {
      await server.pool().query(`CREATE DATABASE ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return server.pool({ connectionString: url.href });
    };

    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.stop());

    it('is made by many instances at once, and again later, without an error', async () => {
      const pool = await inDatabase('migrated');
      await Promise.all(Array.from({ length: 8 }, () => storeIn(pool).migrate()));
      await pool.query(migrationSql());
      await runIn(storeIn(pool), newJob(), () => 'kept');
      await pool.query(migrationSql());
      const { rows } = await pool.query(
        `SELECT column_name || ' ' || data_type || coalesce(' ' || character_maximum_length, '') AS is
       FROM information_schema.columns WHERE table_name = 'distributed_schedule_snapshot' ORDER BY ordinal_position`,
      );
      expect(rows.map(({ is }) => is)).toEqual([
        'job_id character 32',
        'status USER-DEFINED',
        'snapshot jsonb',
        'updated_at timestamp with time zone',
      ]);
      expect((await pool.query('SELECT 1 FROM distributed_schedule_snapshot')).rowCount).toBe(1);
    });

    it('may have any name, in any schema', async () => {
      const pool = await inDatabase('named');
      await pool.query('CREATE SCHEMA "Bill""ing"');
      const names = { schema: 'Bill"ing', table: "it's; DROP TABLE x" };
      const store = storeIn(pool, { ...names, migrate: true });
      const job = newJob();
      expect((await runIn(store, job, () => 1)).kind).toBe('ran');
      expect((await runIn(store, job, () => 2)).kind).toBe('replayed');
      await pool.query(migrationSql(names));
    });

    it('that is missing is an error with what to do, and is made by itself where that is wanted', async () => {
      const pool = await inDatabase('bare');
      await expect(runIn(storeIn(pool), newJob(), () => 1)).rejects.toMatchObject({
        code: 'DSCHED_NOT_MIGRATED',
        message: expect.stringContaining('migrate: true'),
      });
      expect((await runIn(storeIn(pool, { migrate: true }), newJob(), () => 1)).kind).toBe('ran');
    });

    it('is cleared of old successes, and of failed and pending ones only where that is wanted', async () => {
      const pool = await inDatabase('pruned');
      const store = storeIn(pool, { migrate: true });
      const [old, young, pending, failed] = [newJob(), newJob(), newJob(), { ...newJob(), fencingToken: 9 }];
      await runIn(store, old, () => 1);
      await runIn(store, failed, () => Promise.reject(new Error('no'))).catch(() => undefined);
      const begun = await store.begin({ jobId: pending.jobId, attemptId: 'a' });
      if (begun.kind === 'begun') await begun.attempt.abandon();
      await pool.query(
        "UPDATE distributed_schedule_snapshot SET updated_at = updated_at - interval '1 hour'",
      );
      await runIn(store, young, () => 1);
      const old30 = { olderThanMs: 1_800_000 };
      const left = async (): Promise<string[]> => {
        const { rows } = await pool.query('SELECT job_id FROM distributed_schedule_snapshot');
        return rows.map(({ job_id }) => job_id as string).sort();
      };
      expect(await pruneSnapshots(pool, old30)).toBe(1);
      expect(await left()).toEqual([young.jobId, pending.jobId, failed.jobId].sort());
      // With its row the token of a failed job would be gone, and a stale holder could run it.
      expect(await store.begin({ jobId: failed.jobId, fencingToken: 8, attemptId: 'b' })).toMatchObject({
        kind: 'superseded',
      });
      expect(await pruneSnapshots(pool, { ...old30, statuses: ['failed'] })).toBe(1);
      expect(await pruneSnapshots(pool, { ...old30, statuses: ['success', 'failed', 'pending'] })).toBe(1);
      expect(await left()).toEqual([young.jobId]);
    });

    it('is not cleared of a job that an attempt is at', async () => {
      const pool = await inDatabase('busy');
      const store = storeIn(pool, { migrate: true });
      await runIn(store, newJob(), async () => {
        await pool.query('SELECT pg_sleep(0.01)');
        expect(await pruneSnapshots(pool, { olderThanMs: 1, statuses: ['pending'] })).toBe(0);
      });
    });

    it('is cleared by its index', async () => {
      const pool = await inDatabase('indexed');
      await storeIn(pool).migrate();
      const plans: string[] = [];
      const explaining = {
        query: async (sql: string, values: unknown[]) => {
          const client = await pool.connect();
          await client.query('SET enable_seqscan = off');
          const { rows } = await client.query(`EXPLAIN ${sql}`, values);
          client.release(true);
          plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
          return { rows: [], rowCount: 0 };
        },
      };
      await pruneSnapshots(explaining, { olderThanMs: 1 });
      await pruneSnapshots(explaining, { olderThanMs: 1, statuses: ['success', 'failed'] });
      for (const plan of plans) expect(plan).toContain('distributed_schedule_snapshot_ended');
    });

    it.each<[object, string]>([
      [{ olderThanMs: 0 }, 'DSCHED_BAD_OPTION'],
      [{ olderThanMs: 1, statuses: [] }, 'DSCHED_BAD_OPTION'],
      [{ olderThanMs: 1, statuses: ['done'] }, 'DSCHED_BAD_OPTION'],
      [{ olderThanMs: 1, statuses: 'failed' }, 'DSCHED_BAD_OPTION'],
      [{ olderThanMs: 1, status: ['failed'] }, 'DSCHED_UNKNOWN_OPTION'],
    ])('is not cleared with %j', async (options, code) => {
      const query = () => Promise.reject(new Error('the table was asked'));
      await expect(pruneSnapshots({ query }, options as never)).rejects.toMatchObject({ code });
    });

    it('that is there already may be asked for by a user who may not create it', async () => {
      const pool = await inDatabase('granted');
      await storeIn(pool).migrate();
      await pool.query('CREATE ROLE clerk LOGIN');
      await pool.query('GRANT SELECT, INSERT, UPDATE, DELETE ON distributed_schedule_snapshot TO clerk');
      const url = new URL(server.url);
      [url.username, url.pathname] = ['clerk', '/granted'];
      const store = storeIn(server.pool({ connectionString: url.href }), { migrate: true });
      expect((await runIn(store, newJob(), () => 1)).kind).toBe('ran');
    });

    it('that may not be touched is an error at once, without a secret', async () => {
      const pool = await inDatabase('forbidden');
      await storeIn(pool).migrate();
      await pool.query("CREATE ROLE guest LOGIN PASSWORD 'hush-hush'");
      const url = new URL(server.url);
      [url.username, url.password, url.pathname] = ['guest', 'hush-hush', '/forbidden'];
      const store = postgresSnapshots({ postgres: url.href }).open({
        ...{ clock: CLOCK, random: new SystemRandom(), namespace: 'n' },
      });
      const error: unknown = await store
        .begin({ jobId: newJob().jobId, attemptId: 'a' })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'DSCHED_STORE_REFUSED',
        message: expect.stringContaining('42501'),
      });
      expect(`${JSON.stringify(error)} ${(error as Error).stack}`).not.toMatch(/hush|guest|127\.0\.0\.1/);
      await store.close();
    });

    it('is unreachable where nobody listens, and the reason names no host', async () => {
      const store = postgresSnapshots({ postgres: 'postgres://me:hush@127.0.0.1:1/x' }).open({
        ...{ clock: CLOCK, random: new SystemRandom(), namespace: 'n' },
      });
      expect(await store.begin({ jobId: newJob().jobId, attemptId: 'a' })).toEqual({
        kind: 'unreachable',
        reason: 'ECONNREFUSED',
      });
      await store.close();
    });
  },
);

describe.skipIf(lacksPostgres('fences in PostgreSQL'))('a fenced row in PostgreSQL', () => {
  let server: PostgresServer;
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
    server = await startPostgres();
    const pool = server.pool();
    await pool.query(
      'CREATE TABLE "Account" (id INTEGER PRIMARY KEY, balance INTEGER, fence BIGINT, fence_claim TEXT)',
    );
    await pool.query('INSERT INTO "Account" VALUES (1, 0, NULL), (2, 0, NULL), (4, 0, NULL)');
  });
  afterAll(() => server?.stop());

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
