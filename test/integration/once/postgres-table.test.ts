import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { migrationSql } from '#src/postgres/migration.js';
import { postgresSnapshots } from '#src/postgres/postgres-snapshots.js';
import { pruneSnapshots } from '#src/postgres/prune-snapshots.js';
import { SystemRandom } from '#src/system/system-random.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { CLOCK, newJob, runIn, storeIn } from './once-in-postgres.js';

describe.skipIf(lacksPostgres('the table of the snapshots'))(
  'the table of the snapshots in PostgreSQL',
  () => {
    const server = sharedPostgres();
    const inDatabase = async (name: string): Promise<pg.Pool> => {
      await server.pool().query(`CREATE DATABASE ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return server.pool({ connectionString: url.href });
    };

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
