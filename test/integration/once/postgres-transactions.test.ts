import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { between } from '../../support/between.js';
import { endSession } from '../../support/end-session.js';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { newJob, runIn, runUntilDecided, storeIn } from './once-in-postgres.js';

describe.skipIf(lacksPostgres('transactions of effects'))('an effect in PostgreSQL', () => {
  const server = sharedPostgres();
  let store: PostgresSnapshotStore;
  const INSERT = 'INSERT INTO ledger VALUES ($1)';
  const rowsOf = async (text: string): Promise<number> =>
    (await server.pool().query('SELECT 1 FROM ledger WHERE text = $1', [text])).rowCount ?? 0;
  const statusOf = async (jobId: string) => {
    const reply = await store.read(jobId);
    return reply.answered ? reply.snapshot?.status : reply.reason;
  };

  beforeAll(async () => {
    await server.pool().query('CREATE TABLE ledger (text TEXT PRIMARY KEY)');
    store = storeIn(server.pool(), { lockWaitMs: 5_000 });
    await store.migrate();
  });

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

  it('of a stale holder is ended by whoever comes with a larger token, and rolled back', async () => {
    const job = newJob();
    let second: Promise<{ kind: string }> | undefined;
    const first = runIn(store, { ...job, fencingToken: 7 }, async (tx) => {
      await tx.query(INSERT, ['stale']);
      second = runIn(store, { ...job, fencingToken: 8 }, (other) =>
        other.query(INSERT, ['fresh']).then(() => 'fresh'),
      );
      await second;
    });
    // Begun anew, it finds what the other one has done.
    await expect(first).resolves.toMatchObject({ kind: 'replayed', output: 'fresh' });
    expect(await second).toMatchObject({
      kind: 'ran',
      output: 'fresh',
      snapshot: { fencingToken: 8, attempt: 2 },
    });
    expect([await rowsOf('stale'), await rowsOf('fresh')]).toEqual([0, 1]);
  });

  it('of a stale holder in a session of another role is waited for, until the run that waits has to end', async () => {
    const other = server.pool();
    await other.query('CREATE ROLE stranger LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO stranger');
    const theirs = storeIn(server.pool({ connectionString: server.url.replace(/\/\/\w+@/, '//stranger@') }));
    const job = newJob();
    const run = new AbortController();
    const result = await runIn(store, { ...job, fencingToken: 7 }, async (tx) => {
      await tx.query(INSERT, ['of the owner']);
      const waiting = runIn(theirs, { ...job, fencingToken: 8 }, () => 'fresh', { signal: run.signal });
      await expect
        .poll(async () => (await other.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount)
        .toBeGreaterThan(0);
      run.abort(new Error('lease lost'));
      expect(await waiting).toMatchObject({ kind: 'pending' });
      return 'went on';
    });
    expect(result).toMatchObject({ kind: 'ran', output: 'went on' });
  });

  it('whose process is silent for too long is ended by the server, and somebody else takes over', async () => {
    const open = () => storeIn(server.pool(), { takeoverMs: 400, lockWaitMs: 350 });
    const [strict, another] = [open(), open()];
    const job = newJob();
    let second: Promise<{ kind: string }> | undefined;
    const first = runIn(strict, job, async (tx) => {
      await tx.query(INSERT, ['silent']);
      second = runUntilDecided(another, job, (other) =>
        other.query(INSERT, ['taken over']).then(() => 'second'),
      );
      await second;
      // As a process that wakes: it does not know yet.
      await tx.query(INSERT, ['awake']);
    });
    await expect(first).rejects.toThrow();
    expect(await second).toMatchObject({ kind: 'ran', output: 'second', snapshot: { attempt: 2 } });
    expect([await rowsOf('silent'), await rowsOf('awake'), await rowsOf('taken over')]).toEqual([0, 0, 1]);
    expect(await statusOf(job.jobId)).toBe('success');
  });

  it('survives in no part the end of its session, which does not end the process', async () => {
    const job = newJob();
    const running = runIn(store, job, async (tx) => {
      await tx.query(INSERT, ['terminated']);
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await endSession(server.pool(), rows[0]?.pid);
      // Between two statements: an error that nobody listens to would end the process here.
      await sleep(50);
      return 'unaware';
    });
    // Nothing was committed, so it is run again, and dies again, until that is enough.
    await expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_UNREACHABLE' });
    expect(await rowsOf('terminated')).toBe(0);
    expect(await statusOf(job.jobId)).toBe('pending');
  });

  it('is rolled back at once when its run is told to end', async () => {
    const job = newJob();
    const run = new AbortController();
    const running = runIn(
      store,
      job,
      async (tx) => {
        await tx.query(INSERT, ['aborted']);
        run.abort(new Error('lease lost'));
        await tx.query('SELECT pg_sleep(30)');
      },
      { signal: run.signal },
    );
    await expect(running).rejects.toThrow();
    expect(await rowsOf('aborted')).toBe(0);
    expect(await statusOf(job.jobId)).toBe('failed');
  });

  it('is rolled back at once also in the middle of a statement, which the server would go on with', async () => {
    const job = newJob();
    const run = new AbortController();
    const effect = async (tx: pg.PoolClient): Promise<void> => {
      setTimeout(() => run.abort(new Error('lease lost')), 100);
      await tx.query('SELECT pg_sleep(30)');
    };
    await expect(runIn(store, job, effect, { signal: run.signal })).rejects.toThrow();
    expect(await statusOf(job.jobId)).toBe('failed');
  });

  it('does not begin when its run was told to end before', async () => {
    const job = newJob();
    const run = new AbortController();
    const late = between(store, { after: { begin: () => run.abort(new Error('lease lost')) } });
    let runs = 0;
    const effect = (): void => {
      runs += 1;
    };
    await expect(runIn(late, job, effect, { signal: run.signal })).rejects.toThrow('lease lost');
    expect(runs).toBe(0);
    expect(await statusOf(job.jobId)).toBe('failed');
  });

  it('whose COMMIT has no answer is found to have succeeded', async () => {
    const proxy = ProxyHost.open();
    try {
      const link = await proxy.link(server.url);
      const cutOff = storeIn(server.pool({ connectionString: link.url, max: 2 }), { timeoutMs: 500 });
      const job = newJob();
      const running = runIn(cutOff, job, async (tx) => {
        await tx.query(INSERT, ['doubtful']);
        // From the update on the answers are lost: first that of COMMIT.
        const send = pg.Client.prototype.query as (...args: unknown[]) => Promise<unknown>;
        vi.spyOn(pg.Client.prototype, 'query').mockImplementation(async function (
          this: pg.Client,
          ...args: unknown[]
        ) {
          if (args[0] === 'COMMIT') await link.set({ replies: { drop: true } });
          return send.apply(this, args);
        } as typeof pg.Client.prototype.query);
        return 'done';
      });
      await expect.poll(() => rowsOf('doubtful'), { timeout: 5_000 }).toBe(1);
      await sleep(700);
      vi.restoreAllMocks();
      await link.set({});
      expect(await running).toMatchObject({ kind: 'ran', output: 'done', snapshot: { status: 'success' } });
      expect(await rowsOf('doubtful')).toBe(1);
    } finally {
      await proxy.close();
    }
  });
});
