/** What becomes of the connections of an ORM's pool: between attempts, and when they end at a bad time. */

import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Effect, type OnceJob, runOnce } from '#src/once/run-once.js';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { startDyingPostgres } from '../support/dying-postgres.js';
import { ProxyHost, type ProxyLink } from '../support/faults/tcp-proxy.js';
import { makeCounter, ONCE_PARTS, type OrmApp, type OrmKind } from '../support/orm-stage.js';
import { sharedPostgres } from '../support/shared-servers.js';

export function describeOrmConnections<Tx>(kind: OrmKind<Tx>): void {
  describe(`the connections of ${kind.name}`, () => {
    const server = sharedPostgres();
    let outside: Pool;
    let proxy: ProxyHost;
    let link: ProxyLink;
    let app: OrmApp<Tx>;
    let jobs = 0;
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => {
      unheard.push(error);
    };
    const newJob = (): OnceJob => {
      jobs += 1;
      return { jobId: sha256Hex(`connection ${jobs}`).slice(0, 32) };
    };
    const storeOf = (timeoutMs = 5_000): SnapshotStore<Tx> =>
      app.snapshots({ migrate: true, timeoutMs }).open(ONCE_PARTS);
    const run = (store: SnapshotStore<Tx>, effect: Effect<Tx, unknown>) =>
      runOnce({ ...ONCE_PARTS, store, signal: undefined }, newJob(), effect);
    const counter = async (): Promise<number> =>
      (await outside.query<{ n: number }>('SELECT n FROM counter')).rows[0]?.n ?? Number.NaN;

    beforeAll(async () => {
      outside = await makeCounter(server);
      proxy = ProxyHost.open();
    });
    beforeEach(async () => {
      unheard.length = 0;
      process.on('uncaughtException', hear);
      await outside.query('UPDATE counter SET n = 0');
      link = await proxy.link(server.url);
    });
    afterEach(async () => {
      await app?.close().catch(() => undefined);
      process.off('uncaughtException', hear);
    });
    afterAll(async () => {
      await proxy?.close();
    });

    it('serve one attempt after the other, where many wait for few', async () => {
      app = await kind.open(server.url, 2);
      const store = storeOf(20_000);
      const add = (tx: Tx): Promise<unknown> => app.raw(tx, 'UPDATE counter SET n = n + 1');
      await Promise.all(Array.from({ length: 40 }, () => run(store, add)));
      expect(await counter()).toBe(40);
    });

    it('that end as COMMIT is under way are looked up', async () => {
      app = await kind.open(link.url, 4);
      const store = storeOf();
      const running = run(store, async (tx) => {
        await app.add(tx);
        await app.raw(tx, 'INSERT INTO slow_commit VALUES (1)');
      });
      running.catch(() => undefined);
      await expect
        .poll(
          async () =>
            (
              await outside.query(
                `SELECT 1 FROM pg_stat_activity WHERE query ILIKE 'commit%' AND state = 'active'`,
              )
            ).rowCount,
          { timeout: 5_000, interval: 10 },
        )
        .toBe(1);
      await link.reset();
      expect(await running).toMatchObject({ kind: 'ran', snapshot: { status: 'success' } });
      expect(await counter()).toBe(1);
      expect(unheard).toEqual([]);
    });

    it.each(['FOR UPDATE', 'txid_current()::text', 'SET status', 'ON CONFLICT'])(
      'that end instead of the answer to %s leave an attempt that is made again',
      async (text) => {
        app = await kind.open(link.url, 4);
        const store = storeOf();
        await run(store, (tx) => app.add(tx));
        await link.lose({ to: [text], times: 1 });
        expect(await run(store, (tx) => app.add(tx))).toMatchObject({ kind: 'ran' });
        expect([(await link.counters()).lostAnswers, await counter(), unheard]).toEqual([1, 2, []]);
      },
    );

    it.each(['BEGIN', 'begin', 'COMMIT', 'commit', 'ROLLBACK', 'START TRANSACTION', 'SET TRANSACTION'])(
      'that end instead of the answer to %s neither lose nor double an effect',
      async (text) => {
        app = await kind.open(link.url, 4);
        const store = storeOf();
        await run(store, (tx) => app.add(tx));
        await link.lose({ to: [text], times: 3 });
        expect(await run(store, (tx) => app.add(tx))).toMatchObject({ kind: 'ran' });
        const failing = run(store, async (tx) => {
          await app.add(tx);
          throw new Error('no ink');
        });
        await expect(failing).rejects.toThrow('no ink');
        expect([await counter(), unheard]).toEqual([2, []]);
        await run(store, (tx) => app.add(tx));
        expect([await counter(), unheard]).toEqual([3, []]);
      },
    );

    // Where the store cannot reach the pool, Prisma has no listener yet.
    it.skipIf(!kind.isGuarded)('to a server that dies as it greets do not end the process', async () => {
      const dying = await startDyingPostgres();
      try {
        app = await kind.open(link.url, 2);
        await link.aim(dying.url);
        await link.reset();
        const reply = await app.snapshots({ timeoutMs: 1_000 }).open(ONCE_PARTS).read('0'.repeat(32));
        expect([reply.answered, unheard]).toEqual([false, []]);
      } finally {
        dying.close();
      }
    });
  });
}
