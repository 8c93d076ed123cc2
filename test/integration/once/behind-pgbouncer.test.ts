import type { PoolClient } from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { lacksPgbouncer } from '../../support/lacks-pgbouncer.js';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { newJob, runIn, runUntilDecided, storeIn } from './once-in-postgres.js';

const TAKEOVER_MS = 1_000;
const INSERT = 'INSERT INTO ledger VALUES ($1)';

describe.skipIf(lacksPgbouncer('effects behind pgbouncer'))('behind pgbouncer', () => {
  const server = sharedPostgres();
  const poolers: Pgbouncer[] = [];

  const behind = async (options: Parameters<typeof startPgbouncer>[1]): Promise<Pgbouncer> => {
    const pooler = await startPgbouncer(server.url, options);
    poolers.push(pooler);
    return pooler;
  };
  const rowsOf = async (text: string): Promise<number> =>
    (await server.pool().query('SELECT 1 FROM ledger WHERE text = $1', [text])).rowCount ?? 0;

  beforeAll(async () => {
    await server.pool().query('CREATE TABLE ledger (text TEXT PRIMARY KEY)');
    await storeIn(server.pool()).migrate();
  });
  afterEach(async () => {
    for (const pooler of poolers.splice(0)) await pooler.stop();
  });

  it('sessions that others get next have none of the settings of an attempt', async () => {
    const pooler = await behind({ mode: 'transaction', size: 1 });
    const pool = pooler.pool();
    const settings = async () =>
      (
        await pool.query(
          `SELECT name, setting FROM pg_settings WHERE name IN
           ('lock_timeout', 'idle_in_transaction_session_timeout', 'tcp_user_timeout', 'transaction_isolation')`,
        )
      ).rows;
    const before = await settings();
    const store = storeIn(pool, { takeoverMs: TAKEOVER_MS, isolation: 'serializable' });
    expect(await runIn(store, newJob(), (tx) => tx.query(INSERT, ['settings']))).toMatchObject({
      kind: 'ran',
    });
    const failing = runIn(store, newJob(), () => Promise.reject(new Error('no ink')));
    await expect(failing).rejects.toThrow('no ink');
    expect(await settings()).toEqual(before);
  });

  it('a larger token ends the session of the stale holder, and nobody else’s', async () => {
    const pooler = await behind({ mode: 'transaction' });
    const bystander = await pooler.pool().connect();
    await bystander.query('BEGIN');
    const store = storeIn(pooler.pool(), { takeoverMs: 60_000 });
    const job = newJob();
    let second: Promise<{ readonly kind: string }> | undefined;
    const first = runIn(store, { ...job, fencingToken: 1 }, async (tx) => {
      await tx.query(INSERT, ['stale']);
      second = runIn(store, { ...job, fencingToken: 2 }, (other) => other.query(INSERT, ['newer']));
      await second;
      await tx.query('SELECT 1');
    });
    await expect(first).rejects.toThrow();
    expect(await second).toMatchObject({ kind: 'ran' });
    expect([await rowsOf('stale'), await rowsOf('newer')]).toEqual([0, 1]);
    await bystander.query('COMMIT');
    bystander.release();
  });

  it('a host that is lost is outlived: the server ends the transaction that the pooler keeps open', async () => {
    const pooler = await behind({ mode: 'transaction' });
    const proxy = ProxyHost.open();
    try {
      const link = await proxy.link(pooler.url);
      const job = newJob();
      const strict = { takeoverMs: TAKEOVER_MS, timeoutMs: 500 };
      const mine = storeIn(pooler.pool({ connectionString: link.url }), { ...strict, lockWaitMs: 500 });
      const patience = { deadlineMs: 100 };
      let lost: Promise<unknown> | undefined;
      await new Promise<void>((isLost) => {
        const effect = async (tx: PoolClient): Promise<void> => {
          await tx.query(INSERT, ['lost']);
          await link.set({ requests: { drop: true }, replies: { drop: true } });
          isLost();
        };
        lost = runIn(mine, job, effect, { patience }).catch(({ code }) => code);
      });
      // No token is larger here: it comes again until the silent transaction is ended.
      const other = storeIn(pooler.pool(), { ...strict, lockWaitMs: 900 });
      const next = await runUntilDecided(other, job, (tx) => tx.query(INSERT, ['next']));
      expect(next).toMatchObject({ kind: 'ran', snapshot: { attempt: 2 } });
      expect([await rowsOf('lost'), await rowsOf('next')]).toEqual([0, 1]);
      expect(await lost).toBe('DSCHED_STORE_UNREACHABLE');
    } finally {
      await proxy.close();
    }
  });

  it('that pools by statement no effect is ever run: it refuses transactions', async () => {
    const pooler = await behind({ mode: 'statement' });
    let runs = 0;
    const running = runIn(
      storeIn(pooler.pool()),
      newJob(),
      () => {
        runs += 1;
      },
      { patience: { deadlineMs: 200 } },
    );
    await expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_UNREACHABLE' });
    expect(runs).toBe(0);
  });
});
