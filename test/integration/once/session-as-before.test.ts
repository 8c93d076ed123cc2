/** What a session is before, in and after an attempt: its settings, its role, its search path. */

import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PostgresSnapshotSettings } from '#src/postgres/postgres-snapshot-settings.js';
import type { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { newJob, runIn, storeIn } from './once-in-postgres.js';

type Settings = Readonly<Record<string, string>>;

/** What an effect may find other than it was: how long it may be silent, and the isolation that was asked for. */
const MAY_DIFFER_INSIDE = [
  'idle_in_transaction_session_timeout',
  'tcp_user_timeout',
  'transaction_isolation',
];
const STATE =
  "SELECT name, setting FROM pg_settings UNION ALL SELECT 'current_user', current_user UNION ALL SELECT 'session_user', session_user " +
  "UNION ALL SELECT 'current_schemas', current_schemas(true)::text UNION ALL SELECT 'prepared', count(*)::text FROM pg_prepared_statements " +
  "UNION ALL SELECT 'locks', count(*)::text FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'";

/** As an application may set up each of its sessions: none of it is the server's default. */
const SET_UP = [
  'SET lock_timeout = 2345',
  'SET statement_timeout = 23456',
  'SET idle_in_transaction_session_timeout = 34567',
  // Since PostgreSQL 14.
  "SELECT set_config(name, '45678', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
  'SET tcp_user_timeout = 56789',
  'SET search_path = shop, public',
  "SET application_name = 'shop'",
  "SET TIME ZONE 'Asia/Kathmandu'",
  "SET default_transaction_isolation = 'repeatable read'",
  'SET ROLE clerk',
].join('; ');

async function stateOf(client: Pick<pg.ClientBase, 'query'>): Promise<Settings> {
  const { rows } = await client.query<{ name: string; setting: string }>(STATE);
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

function difference(before: Settings, after: Settings): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}

describe.skipIf(lacksPostgres('sessions of effects'))('the session of an effect', () => {
  const server = sharedPostgres();
  beforeAll(async () => {
    await storeIn(server.pool()).migrate();
    await server
      .pool()
      .query(
        'CREATE ROLE clerk; CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO clerk; ' +
          'GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk',
      );
  });

  /** A pool of one connection, which is set up anew when it is made anew. */
  const stage = (
    settings: Partial<PostgresSnapshotSettings> = {},
  ): { readonly pool: pg.Pool; readonly store: PostgresSnapshotStore } => {
    // Waited for, whatever its type says.
    const onConnect = (async (client) => client.query(SET_UP)) as (client: pg.ClientBase) => void;
    const pool = server.pool({ max: 1, onConnect });
    return { pool, store: storeIn(pool, settings) };
  };

  it('differs from what it was in how long it may be silent, and in nothing else', async () => {
    const { pool, store } = stage();
    const before = await stateOf(pool);
    expect(before).toMatchObject({ current_user: 'clerk', lock_timeout: '2345', statement_timeout: '23456' });
    let inside: Settings = {};
    await runIn(store, newJob(), async (tx) => {
      inside = await stateOf(tx);
    });
    expect(difference(before, inside)).toEqual(MAY_DIFFER_INSIDE);
    expect(inside.transaction_isolation).toBe('read committed');
  });

  it.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'has the isolation that was asked for, and only there: %s',
    async (isolation) => {
      const { pool, store } = stage({ isolation });
      const before = await stateOf(pool);
      const result = await runIn(store, newJob(), async (tx) => (await stateOf(tx)).transaction_isolation);
      expect(result).toMatchObject({ output: isolation });
      expect(difference(before, await stateOf(pool))).toEqual([]);
    },
  );

  it('is as before after a success', async () => {
    const { pool, store } = stage();
    const before = await stateOf(pool);
    expect((await runIn(store, newJob(), () => 'done')).kind).toBe('ran');
    expect(difference(before, await stateOf(pool))).toEqual([]);
  });

  it('is as before after a replay', async () => {
    const { pool, store } = stage();
    const job = newJob();
    const before = await stateOf(pool);
    await runIn(store, job, () => 'done');
    expect((await runIn(store, job, () => 'again')).kind).toBe('replayed');
    expect(difference(before, await stateOf(pool))).toEqual([]);
  });

  it('is as before after a failure', async () => {
    const { pool, store } = stage();
    const before = await stateOf(pool);
    const failing = runIn(store, newJob(), async (tx) => {
      await tx.query('SET LOCAL statement_timeout = 7');
      await tx.query('SELECT 1 / 0');
    });
    await expect(failing).rejects.toThrow('division by zero');
    expect(difference(before, await stateOf(pool))).toEqual([]);
  });

  it('is as before, or another one of the kind, after a run that was told to give up', async () => {
    const { pool, store } = stage();
    const before = await stateOf(pool);
    const run = new AbortController();
    const giving = runIn(
      store,
      newJob(),
      async (tx) => {
        run.abort(new Error('lease lost'));
        await tx.query('SELECT 1');
      },
      { signal: run.signal },
    );
    await expect(giving).rejects.toThrow();
    expect(difference(before, await stateOf(pool))).toEqual([]);
  });

  it('is as before after an attempt that gave up waiting for another one', async () => {
    const { pool, store } = stage({ lockWaitMs: 50 });
    const job = newJob();
    const before = await stateOf(pool);
    const other = storeIn(server.pool());
    const waiting = await runIn(other, job, async () => (await runIn(store, job, () => 'second')).kind);
    expect(waiting).toMatchObject({ output: 'pending' });
    expect(difference(before, await stateOf(pool))).toEqual([]);
  });

  it('is as before after an attempt that has taken a stale one over', async () => {
    const { pool, store } = stage();
    const job = newJob();
    const before = await stateOf(pool);
    const other = storeIn(server.pool());
    const stale = runIn(other, { ...job, fencingToken: 7 }, async () => {
      const fresh = runIn(store, { ...job, fencingToken: 8 }, () => 'fresh', {
        signal: AbortSignal.timeout(1_000),
      });
      expect((await fresh).kind).toBe('pending');
    });
    await stale;
    expect(difference(before, await stateOf(pool))).toEqual([]);
  });
});
