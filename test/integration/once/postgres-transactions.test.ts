import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { newJob, runIn, storeIn } from './once-in-postgres.js';
import { INSERT, postgresStage } from './postgres-stage.js';

describe.skipIf(lacksPostgres('transactions of effects'))('an effect in PostgreSQL', () => {
  const { server, store, rowsOf, statusOf } = postgresStage({ lockWaitMs: 5_000 });

  it('is committed together with its success, and seen by nobody before', async () => {
    const job = newJob();
    const result = await runIn(store, job, async (tx) => {
      await tx.query(INSERT, ['together']);
      expect(await rowsOf('together')).toBe(0);
      expect(await statusOf(job.jobId)).toBe('pending');
    });
    expect(result.kind).toBe('ran');
    expect(await rowsOf('together')).toBe(1);
    expect(await statusOf(job.jobId)).toBe('success');
  });

  it('leaves nothing when it throws, and the failure is written down all the same', async () => {
    const job = newJob();
    const running = runIn(store, job, async (tx) => {
      await tx.query(INSERT, ['thrown']);
      throw new Error('no ink');
    });
    await expect(running).rejects.toThrow('no ink');
    expect(await rowsOf('thrown')).toBe(0);
    expect(await statusOf(job.jobId)).toBe('failed');
  });

  it('leaves nothing when a constraint refuses it, however the effect takes that', async () => {
    await server.pool().query(INSERT, ['unique']);
    const job = newJob();
    const running = runIn(store, job, async (tx) => {
      await tx.query(INSERT, ['swallowed']);
      await tx.query(INSERT, ['unique']).catch(() => undefined);
    });
    // The transaction is broken by then: saying success would be a lie.
    await expect(running).rejects.toMatchObject({
      code: 'DSCHED_STORE_REFUSED',
      message: expect.stringContaining('a statement of the effect failed and its error was not passed on'),
    });
    expect(await rowsOf('swallowed')).toBe(0);
    expect(await statusOf(job.jobId)).toBe('failed');
  });

  it('leaves nothing when a constraint refuses it at COMMIT, and the cause can be read', async () => {
    await server.pool().query('CREATE TABLE late (n INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED)');
    const job = newJob();
    const running = runIn(store, job, (tx) => tx.query('INSERT INTO late VALUES (1), (1)'));
    await expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_REFUSED', cause: { code: '23505' } });
    expect(await statusOf(job.jobId)).toBe('failed');
  });

  it.each(['COMMIT', 'ROLLBACK', 'COMMIT; BEGIN'])(
    'that ends its transaction with %s, past the client that it was lent, is found out',
    async (end) => {
      const job = newJob();
      const seen = vi.spyOn(pg.Client.prototype, 'query');
      const running = runIn(store, job, async () => {
        const client = seen.mock.contexts.at(-1) as pg.Client;
        seen.mockRestore();
        await client.query(end);
      });
      await expect(running).rejects.toThrow('the effect has ended its transaction by itself');
      expect(await statusOf(job.jobId)).toBe('failed');
    },
  );

  it('that another attempt is running is waited for, and then answered from its success', async () => {
    const job = newJob();
    let runs = 0;
    const effect = async (): Promise<number> => {
      runs += 1;
      await sleep(100);
      return runs;
    };
    const results = await Promise.all(Array.from({ length: 4 }, () => runIn(store, job, effect)));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['ran', 'replayed', 'replayed', 'replayed']);
    expect(results.map((result) => 'output' in result && result.output)).toEqual([1, 1, 1, 1]);
  });

  it('that takes longer than others care to wait is pending for them', async () => {
    const impatient = storeIn(server.pool(), { lockWaitMs: 50 });
    const job = newJob();
    const result = await runIn(store, job, async () => (await runIn(impatient, job, () => 'second')).kind);
    expect(result).toMatchObject({ kind: 'ran', output: 'pending' });
  });

  it('is run again when the server finds that it cannot be serialised', async () => {
    const serializable = storeIn(server.pool(), { isolation: 'serializable' });
    await server.pool().query('CREATE TABLE tally (n INTEGER); INSERT INTO tally VALUES (0)');
    const results = await Promise.all(
      Array.from({ length: 4 }, () =>
        runIn(serializable, newJob(), async (tx) => {
          const { rows } = await tx.query<{ n: number }>('SELECT n FROM tally');
          await sleep(20);
          await tx.query('UPDATE tally SET n = $1', [(rows[0]?.n ?? 0) + 1]);
        }),
      ),
    );
    expect(results.map(({ kind }) => kind)).toEqual(['ran', 'ran', 'ran', 'ran']);
    expect((await server.pool().query('SELECT n FROM tally')).rows).toEqual([{ n: 4 }]);
  });

  it('is run again after a deadlock with another one', async () => {
    await server.pool().query("INSERT INTO ledger VALUES ('a'), ('b')");
    const lock = 'UPDATE ledger SET text = text WHERE text = $1';
    const crossing = (first: string, second: string) =>
      runIn(store, newJob(), async (tx) => {
        await tx.query(lock, [first]);
        await sleep(100);
        await tx.query(lock, [second]);
      });
    const results = await Promise.all([crossing('a', 'b'), crossing('b', 'a')]);
    expect(results.map(({ kind }) => kind)).toEqual(['ran', 'ran']);
  });

  it('waits for locks of its own as long as the application wants, not as long as the store does', async () => {
    const brisk = storeIn(server.pool(), { lockWaitMs: 30 });
    const result = await runIn(brisk, newJob(), async (tx) => {
      return (await tx.query<{ lock_timeout: string }>('SHOW lock_timeout')).rows[0]?.lock_timeout;
    });
    expect(result).toMatchObject({ output: '0' });
  });

  it('finds the bound on locks that its session had, which stays so afterwards', async () => {
    const pool = server.pool({ max: 1, options: '-c lock_timeout=1234' });
    const show = 'SHOW lock_timeout';
    const result = await runIn(storeIn(pool), newJob(), async (tx) => {
      return (await tx.query<{ lock_timeout: string }>(show)).rows[0]?.lock_timeout;
    });
    expect(result).toMatchObject({ output: '1234ms' });
    expect((await pool.query(show)).rows).toEqual([{ lock_timeout: '1234ms' }]);
  });

  it('begins in a process that is busy, however short the wait for others is', async () => {
    const hasty = storeIn(server.pool(), { lockWaitMs: 20 });
    const send = pg.Client.prototype.query as (...args: unknown[]) => unknown;
    const query = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
      this: pg.Client,
      ...args: unknown[]
    ) {
      const freeAtMs = performance.now() + 100;
      while (performance.now() < freeAtMs);
      return send.apply(this, args) as never;
    } as never);
    const running = runIn(hasty, newJob(), () => 'ran', { patience: { deadlineMs: 0 } });
    await expect(running.finally(() => query.mockRestore())).resolves.toMatchObject({ kind: 'ran' });
  });

  it('that others wait for longer than a statement of their role may take is pending for them', async () => {
    const hasty = storeIn(server.pool({ max: 1, options: '-c statement_timeout=100' }));
    const job = newJob();
    const result = await runIn(store, job, async () => (await runIn(hasty, job, () => 'second')).kind);
    expect(result).toMatchObject({ kind: 'ran', output: 'pending' });
  });
});
