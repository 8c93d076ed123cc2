import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { newJob, runIn, storeIn } from './once-in-postgres.js';

const HANGS_MS = 1_000;
const INSERT = 'INSERT INTO ledger VALUES ($1)';

/** What docs/idempotence.md says of commit settings and failovers. */
describe.skipIf(lacksPostgres('commit settings'))('a success in PostgreSQL', () => {
  let server: PostgresServer;
  let store: PostgresSnapshotStore;
  const rowsOf = async (text: string): Promise<number> =>
    (await server.pool().query('SELECT 1 FROM ledger WHERE text = $1', [text])).rowCount ?? 0;
  const set = async (...settings: readonly string[]): Promise<void> => {
    for (const setting of settings) await server.pool().query(`ALTER SYSTEM SET ${setting}`);
    await server.pool().query('SELECT pg_reload_conf()');
  };
  const folder = async (): Promise<string> =>
    (await server.pool().query<{ data_directory: string }>('SHOW data_directory')).rows[0]?.data_directory ??
    '';

  beforeEach(async () => {
    server = await startPostgres();
    await server.pool().query('CREATE TABLE ledger (text TEXT PRIMARY KEY)');
    store = storeIn(server.pool(), { lockWaitMs: 500, timeoutMs: 2_000 });
    await store.migrate();
  });
  afterEach(() => server?.stop());

  it('and its effect survive a crash of the server', async () => {
    const job = newJob();
    expect(await runIn(store, job, (tx) => tx.query(INSERT, ['on']))).toMatchObject({ kind: 'ran' });
    await server.kill();
    await server.start();
    expect(await runIn(store, job, (tx) => tx.query(INSERT, ['on']))).toMatchObject({ kind: 'replayed' });
    expect(await rowsOf('on')).toBe(1);
  });

  it('that was answered with synchronous_commit off is forgotten in a crash together with its effect, and run once more', async () => {
    await set("wal_writer_delay = '10s'", 'synchronous_commit = off');
    await expect
      .poll(async () => (await server.pool({ max: 1 }).query('SHOW synchronous_commit')).rows)
      .toEqual([{ synchronous_commit: 'off' }]);
    const job = newJob();
    expect(await runIn(store, job, (tx) => tx.query(INSERT, ['off']))).toMatchObject({ kind: 'ran' });
    await server.kill();
    await server.start();
    expect(await rowsOf('off')).toBe(0);
    expect(await runIn(store, job, (tx) => tx.query(INSERT, ['off']))).toMatchObject({ kind: 'ran' });
    expect(await rowsOf('off')).toBe(1);
  });

  it('is not answered while a synchronous standby is missing, and found by whoever comes with a larger token', async () => {
    const job = newJob();
    const patience = { deadlineMs: 200 };
    const running = runIn(
      store,
      { ...job, fencingToken: 1 },
      async (tx) => {
        await tx.query(INSERT, ['standby']);
        await set("synchronous_standby_names = 'nobody'");
        // In force as soon as somebody else's commit hangs.
        const hangs = () =>
          Promise.race([
            server
              .pool()
              .query('INSERT INTO ledger VALUES (md5(random()::text))')
              .then(() => false),
            sleep(HANGS_MS).then(() => true),
          ]);
        await expect.poll(hangs).toBe(true);
      },
      { patience },
    );
    await expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_UNREACHABLE' });
    await set("synchronous_standby_names = ''");
    const next = await runIn(store, { ...job, fencingToken: 2 }, (tx) => tx.query(INSERT, ['standby']));
    expect(next).toMatchObject({ kind: 'replayed' });
    expect(await rowsOf('standby')).toBe(1);
  });

  it('is written when a server that is read-only, as in the middle of a failover, is so no more', async () => {
    await set('default_transaction_read_only = on');
    await expect
      .poll(async () => (await server.pool({ max: 1 }).query('SHOW default_transaction_read_only')).rows)
      .toEqual([{ default_transaction_read_only: 'on' }]);
    const job = newJob();
    const running = runIn(store, job, (tx) => tx.query(INSERT, ['late']));
    const patience = { deadlineMs: 200 };
    const refused = runIn(store, newJob(), () => undefined, { patience });
    await expect(refused).rejects.toMatchObject({ code: 'DSCHED_STORE_UNREACHABLE' });
    await set('default_transaction_read_only = off');
    expect(await running).toMatchObject({ kind: 'ran' });
    expect(await rowsOf('late')).toBe(1);
  });

  it('that a promoted copy has not seen is gone there with its effect, and run once more', async () => {
    const [seen, unseen] = [newJob(), newJob()];
    await runIn(store, seen, (tx) => tx.query(INSERT, ['seen']));
    const data = await folder();
    const copy = join(dirname(data), 'copy');
    await server.kill();
    execFileSync('cp', ['-a', data, copy]);
    await server.start();
    await runIn(store, unseen, (tx) => tx.query(INSERT, ['unseen']));
    await server.kill();
    // As a standby that lagged behind, or a backup: it ends its recovery in a new timeline.
    rmSync(data, { recursive: true });
    execFileSync('cp', ['-a', copy, data]);
    writeFileSync(join(data, 'recovery.signal'), '');
    appendFileSync(join(data, 'postgresql.auto.conf'), "restore_command = 'false'\n");
    await server.start();

    expect(await rowsOf('unseen')).toBe(0);
    expect(await runIn(store, seen, (tx) => tx.query(INSERT, ['seen']))).toMatchObject({ kind: 'replayed' });
    expect(await runIn(store, unseen, (tx) => tx.query(INSERT, ['unseen']))).toMatchObject({ kind: 'ran' });
    expect([await rowsOf('seen'), await rowsOf('unseen')]).toEqual([1, 1]);
  });
});
