import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Effect } from '#src/once/run-once.js';
import type { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { newJob, runIn, storeIn } from './once-in-postgres.js';

const ADD = 'UPDATE counter SET n = n + 1';

describe.skipIf(lacksPostgres('the client that an effect is lent'))(
  'the client that an effect is lent',
  () => {
    const server = sharedPostgres();
    let outside: pg.Pool;
    let store: PostgresSnapshotStore;
    const counter = async (): Promise<number> =>
      (await outside.query<{ n: number }>('SELECT n FROM counter')).rows[0]?.n ?? Number.NaN;
    const run = <Output>(effect: Effect<PoolClient, Output>) => runIn(store, newJob(), effect);

    beforeAll(async () => {
      outside = server.pool();
      await outside.query('CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0)');
      // One connection: a branch that goes on would meet the next call's transaction.
      const pool = server.pool({ max: 1 });
      store = storeIn(pool, { lockWaitMs: 5_000 });
      await store.migrate();
    });
    beforeEach(() => outside.query('UPDATE counter SET n = 0'));

    it('refuses what a branch of Promise.all asks after the other one has failed, and nothing is written', async () => {
      let late: Promise<unknown> | undefined;
      const slow = async (tx: PoolClient): Promise<void> => {
        await sleep(50);
        await tx.query(ADD);
      };
      const running = run(async (tx) => {
        late = slow(tx);
        await Promise.all([late, Promise.reject(new Error('no ink'))]);
      });
      await expect(running).rejects.toThrow('no ink');
      await expect(late).rejects.toMatchObject({
        code: 'DSCHED_TX_REFUSED',
        message: expect.stringContaining('await all that you do with tx'),
      });
      expect(await counter()).toBe(0);
    });

    it('refuses what the loser of Promise.race asks afterwards, also while the next call is in its transaction', async () => {
      let late: Promise<unknown> | undefined;
      const slow = async (tx: PoolClient): Promise<void> => {
        await sleep(80);
        await tx.query(ADD);
      };
      await run(async (tx) => {
        late = slow(tx);
        await Promise.race([late, sleep(5)]);
      });
      await run(async (tx) => {
        await expect(late).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
        await tx.query(ADD);
      });
      expect(await counter()).toBe(1);
    });

    it('does not say success while a statement has not been answered, and nothing of it stays', async () => {
      let unheard: Promise<unknown> | undefined;
      const running = run((tx) => {
        unheard = tx.query(`${ADD} WHERE pg_sleep(0.05) IS NOT NULL`);
      });
      await expect(running).rejects.toMatchObject({
        code: 'DSCHED_TX_REFUSED',
        message: expect.stringContaining(
          'the effect returned while 1 of its statements had not been answered',
        ),
      });
      await unheard;
      expect(await counter()).toBe(0);
    });

    it('does not say success where a helper that nobody awaits has failed', async () => {
      const running = run(async (tx) => {
        await tx.query(ADD);
        tx.query('SELECT 1 / 0').catch(() => undefined);
      });
      await expect(running).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
      expect(await counter()).toBe(0);
    });

    describe.each<[form: string, ask: (tx: PoolClient, text: string) => Promise<unknown>]>([
      ['a text', (tx, text) => tx.query(text)],
      ['an object', (tx, text) => tx.query({ text })],
      ['a text with values', (tx, text) => tx.query(text, [])],
      [
        'a text with a callback',
        (tx, text) =>
          new Promise((resolve, reject) => {
            tx.query(text, (error, result) => (error ? reject(error) : resolve(result)));
          }),
      ],
      [
        'an object with a callback',
        (tx, text) =>
          new Promise((resolve, reject) => {
            const callback = (error: Error | null, result: unknown): void =>
              error === null ? resolve(result) : reject(error);
            (tx.query as (config: unknown) => unknown)({ text, callback });
          }),
      ],
      ['a query object', async (tx, text) => once(tx.query(new pg.Query(text)), 'end')],
    ])('asked with %s', (_form, ask) => {
      it('does what it is asked', async () => {
        expect(await run((tx) => ask(tx, ADD).then(() => 'done'))).toMatchObject({ output: 'done' });
        expect(await counter()).toBe(1);
      });

      it.each(['BEGIN', 'COMMIT', 'rollback', `${ADD}; END`])(
        'refuses %s before it is sent, and the transaction goes on',
        async (command) => {
          const result = await run(async (tx) => {
            await tx.query(ADD);
            await expect(ask(tx, command)).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
            return 'went on';
          });
          expect(result).toMatchObject({ kind: 'ran', output: 'went on' });
          expect(await counter()).toBe(1);
        },
      );

      it('refuses everything after the end of the attempt', async () => {
        let kept: PoolClient | undefined;
        await run((tx) => {
          kept = tx;
        });
        if (kept === undefined) throw new Error('no client');
        await expect(ask(kept, ADD)).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
        expect(await counter()).toBe(0);
      });
    });

    describe('asked with a cursor', () => {
      it('gives rows part by part', async () => {
        const result = await run(async (tx) => {
          const cursor = tx.query(new Cursor<{ n: number }>('SELECT n FROM generate_series(1, 5) AS n'));
          const rows = [...(await cursor.read(3)), ...(await cursor.read(3)), ...(await cursor.read(3))];
          await cursor.close();
          await tx.query(ADD);
          return rows.map(({ n }) => n);
        });
        expect(result).toMatchObject({ kind: 'ran', output: [1, 2, 3, 4, 5] });
        expect(await counter()).toBe(1);
      });

      it('refuses a command of transactions, and everything after the end', async () => {
        let kept: PoolClient | undefined;
        await run(async (tx) => {
          kept = tx;
          await expect(tx.query(new Cursor('COMMIT')).read(1)).rejects.toMatchObject({
            code: 'DSCHED_TX_REFUSED',
          });
        });
        const late = kept?.query(new Cursor('SELECT 1')).read(1);
        await expect(late).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
      });

      it('does not say success while one is open', async () => {
        const brisk = storeIn(server.pool({ max: 1 }), { timeoutMs: 300 });
        const running = runIn(brisk, newJob(), async (tx) => {
          await tx.query(ADD);
          await tx.query(new Cursor('SELECT 1 FROM generate_series(1, 5)')).read(1);
        });
        await expect(running).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED', value: 1 });
        expect(await counter()).toBe(0);
      });
    });

    it('with BEGIN and COMMIT of its own fails once, and does nothing', async () => {
      let calls = 0;
      const running = run(async (tx) => {
        calls += 1;
        await tx.query('BEGIN');
        await tx.query(ADD);
        await tx.query('COMMIT');
      });
      await expect(running).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED', value: 'BEGIN' });
      expect([calls, await counter()]).toEqual([1, 0]);
    });

    it('lets a part fail between SAVEPOINT and ROLLBACK TO', async () => {
      await run(async (tx) => {
        await tx.query(ADD);
        await tx.query('SAVEPOINT part');
        await tx.query(`${ADD}; SELECT 1 / 0`).catch(() => undefined);
        await tx.query('ROLLBACK TO part');
      });
      expect(await counter()).toBe(1);
    });

    it('cannot be given back, ended or connected by the effect', async () => {
      await run(async (tx) => {
        for (const name of ['release', 'end', 'connect'] as const) {
          expect(() => tx[name]()).toThrow(expect.objectContaining({ code: 'DSCHED_TX_REFUSED' }));
        }
        await tx.query(ADD);
      });
      expect(await counter()).toBe(1);
    });

    it('gives its listeners and what is set on it back to the effect alone', async () => {
      const marked = await run((tx) => {
        Object.assign(tx, { query: 'overwritten', mark: 1 });
        return tx.on('notice', () => undefined) === tx;
      });
      expect(marked).toMatchObject({ kind: 'ran', output: true });
      expect(await run((tx) => 'mark' in tx)).toMatchObject({ output: false });
    });

    it.each([
      ['a procedure that commits', 'CALL commits()', 'invalid transaction termination'],
      ['a block that rolls back', 'DO $$ BEGIN ROLLBACK; END $$', 'invalid transaction termination'],
      [
        'a text that the server runs',
        "DO $$ BEGIN EXECUTE 'COMMIT'; END $$",
        'EXECUTE of transaction commands',
      ],
    ])(
      'is left in its transaction by %s: the server refuses that inside a block',
      async (_title, text, message) => {
        await server
          .pool()
          .query(
            'CREATE OR REPLACE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN UPDATE counter SET n = n + 1; COMMIT; END $$',
          );
        await expect(run((tx) => tx.query(text))).rejects.toThrow(message);
        expect(await counter()).toBe(0);
      },
    );

    it.each<[title: string, thrown: unknown]>([
      ['an object without a prototype', Object.create(null)],
      ['nothing', undefined],
      ['a symbol', Symbol('thrown')],
      [
        'what throws when it is looked at',
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('do not look');
            },
          },
        ),
      ],
    ])('goes back to the pool when the effect throws %s', async (_title, thrown) => {
      const running = run(() => {
        throw thrown;
      });
      expect(
        await running.then(
          () => 'returned',
          (error: unknown) => error === thrown,
        ),
      ).toBe(true);
      expect(await run(() => 'next')).toMatchObject({ output: 'next' });
    });

    it('is lent again when what the server rolled back comes wrapped in other errors', async () => {
      let calls = 0;
      const result = await run(async (tx) => {
        calls += 1;
        if (calls > 1) return calls;
        const inner = await tx
          .query("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
          .catch((error: unknown) => error);
        throw new Error('could not settle', { cause: new Error('the ORM says', { cause: inner }) });
      });
      expect(result).toMatchObject({ kind: 'ran', output: 2 });
    });
  },
);
