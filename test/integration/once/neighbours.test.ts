/** What an attempt costs those that share the pool with it. */

import { once as event } from 'node:events';
import { IdempotentExecutor } from 'nestjs-distributed-schedule';
import { postgresSnapshots } from 'nestjs-distributed-schedule/postgres';
import type pg from 'pg';
import type { PoolClient } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PostgresSnapshotSettings } from '#src/postgres/postgres-snapshot-settings.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { newJob, runIn, storeIn } from './once-in-postgres.js';

/** Nothing here waits for anything but a lock: a neighbour that has to wait for one waits for seconds. */
const AT_ONCE_MS = 1_500;
const LOCK_WAIT_MS = 20_000;

describe.skipIf(lacksPostgres('neighbours of attempts'))('beside runOnce', () => {
  const server = sharedPostgres();
  beforeAll(async () => {
    await storeIn(server.pool()).migrate();
    await server.pool().query('CREATE TABLE ledger (text TEXT)');
  });

  const executorOn = (
    pool: pg.Pool,
    settings: Partial<PostgresSnapshotSettings> = {},
  ): IdempotentExecutor<PoolClient> =>
    new IdempotentExecutor({
      store: postgresSnapshots({ postgres: pool, ...settings }),
      namespace: 'shop',
      app: 'shop',
    });
  /** Rejects when it is not answered at once. */
  const atOnce = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([
      work,
      new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error('it had to wait')), AT_ONCE_MS).unref();
      }),
    ]);
  /** An effect that goes on until it is told to end. */
  const heldEffect = () => {
    const gate = new AbortController();
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const effect = async (): Promise<string> => {
      begun();
      if (!gate.signal.aborted) await event(gate.signal, 'abort');
      return 'done';
    };
    return { effect, hasBegun, end: () => gate.abort() };
  };

  it('twenty duplicates of a key hold one connection, and a bystander is answered at once', async () => {
    const pool = server.pool({ max: 2 });
    const store = storeIn(pool, { lockWaitMs: LOCK_WAIT_MS });
    const job = newJob();
    const held = heldEffect();
    const running = Array.from({ length: 20 }, () => runIn(store, job, held.effect));
    await held.hasBegun;
    expect((await atOnce(pool.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }]);
    expect(pool.waitingCount).toBe(0);
    held.end();
    const results = await Promise.all(running);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['ran', ...Array<string>(19).fill('replayed')]);
    expect(results.every((result) => 'output' in result && result.output === 'done')).toBe(true);
  });

  it('a duplicate whose run ends stops waiting, and the others go on', async () => {
    const store = storeIn(server.pool({ max: 2 }), { lockWaitMs: LOCK_WAIT_MS });
    const job = newJob();
    const held = heldEffect();
    const first = runIn(store, job, held.effect);
    await held.hasBegun;
    const run = new AbortController();
    const leaving = runIn(store, job, held.effect, { signal: run.signal });
    const staying = runIn(store, job, held.effect);
    run.abort();
    expect((await atOnce(leaving)).kind).toBe('pending');
    held.end();
    expect((await first).kind).toBe('ran');
    expect((await staying).kind).toBe('replayed');
  });

  it('a larger token overtakes a stale holder of the same process', async () => {
    const store = storeIn(server.pool({ max: 3 }), { lockWaitMs: LOCK_WAIT_MS });
    const job = newJob();
    const held = heldEffect();
    const stale = runIn(store, { ...job, fencingToken: 7 }, held.effect);
    await held.hasBegun;
    const fresh = await atOnce(runIn(store, { ...job, fencingToken: 8 }, () => 'fresh'));
    expect(fresh).toMatchObject({ kind: 'ran', output: 'fresh', snapshot: { fencingToken: 8 } });
    held.end();
    expect(await stale).toMatchObject({ kind: 'replayed', output: 'fresh' });
  });

  it('a call inside an effect says at once that the pool has no connection left for it', async () => {
    const pool = server.pool({ max: 1 });
    const once = executorOn(pool, { timeoutMs: LOCK_WAIT_MS });
    const outer = once.runOnce('outer', async () => {
      await once.runOnce('inner', () => 'never');
    });
    await expect(atOnce(outer)).rejects.toMatchObject({
      code: 'DSCHED_POOL_FULL',
      message: expect.stringContaining('1'),
    });
    expect(await once.snapshot('outer')).toMatchObject({ status: 'failed' });
    // The pool is as it was.
    expect(await atOnce(once.runOnce('inner', () => 'now'))).toMatchObject({ output: 'now' });
  });

  it('a call inside an effect runs where the pool has a connection for it', async () => {
    const once = executorOn(server.pool({ max: 2 }));
    const { output } = await once.runOnce('wide', async (tx) => {
      await tx.query("INSERT INTO ledger VALUES ('wide')");
      return (await once.runOnce('narrow', () => 'inner')).output;
    });
    expect(output).toBe('inner');
  });

  it('a call that an effect has left behind is no nested one', async () => {
    const once = executorOn(server.pool({ max: 1 }));
    let later: Promise<unknown> | undefined;
    const over = new AbortController();
    await once.runOnce('gone', () => {
      later = event(over.signal, 'abort').then(() => once.runOnce('gone', () => 'twice'));
    });
    over.abort();
    expect(await later).toMatchObject({ kind: 'replayed' });
  });

  it('a call for the same job inside itself says so at once, however deep', async () => {
    const once = executorOn(server.pool({ max: 5 }), { lockWaitMs: LOCK_WAIT_MS });
    const outer = once.runOnce('itself', async () => {
      await once.runOnce('between', async () => {
        await once.runOnce('itself', () => 'never');
      });
    });
    await expect(atOnce(outer)).rejects.toMatchObject({ code: 'DSCHED_JOB_NESTED' });
  });
});
