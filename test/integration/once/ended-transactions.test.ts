/** Effects whose transaction is ended by somebody else: a later holder, the server, the end of the run, a lost connection. */

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { between } from '../../support/between.js';
import { endSession } from '../../support/end-session.js';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { newJob, runIn, runUntilDecided, storeIn } from './once-in-postgres.js';
import { INSERT, postgresStage } from './postgres-stage.js';

describe.skipIf(lacksPostgres('transactions that are ended'))('an effect in PostgreSQL', () => {
  const { server, store, rowsOf, statusOf } = postgresStage({ lockWaitMs: 5_000 });

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
      await expect.poll(() => rowsOf('doubtful')).toBe(1);
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
