/** What an effect may rely on, and what it may not do, with the transaction of an ORM. */

import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OnceResult } from '#src/once/once-result.js';
import { type Effect, type OnceJob, runOnce } from '#src/once/run-once.js';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { ProxyHost } from '../support/faults/tcp-proxy.js';
import { makeCounter, ONCE_PARTS, type OrmApp, type OrmKind } from '../support/orm-stage.js';
import { sharedPostgres } from '../support/shared-servers.js';
import { holdLock, isActive, LOCK_IS_FREE, newGate } from '../support/statements.js';

const ADD = 'UPDATE counter SET n = n + 1';
const ADD_WHEN_FREE = `${ADD} WHERE ${LOCK_IS_FREE}`;

export function describeOrmEffects<Tx>(kind: OrmKind<Tx>): void {
  describe(`an effect in a transaction of ${kind.name}`, () => {
    const server = sharedPostgres();
    let outside: Pool;
    let app: OrmApp<Tx>;
    let store: SnapshotStore<Tx>;
    let jobs = 0;
    const newJob = (fencingToken?: number): OnceJob => {
      jobs += 1;
      const jobId = sha256Hex(`effect ${jobs}`).slice(0, 32);
      return { jobId, ...(fencingToken === undefined ? {} : { fencingToken }) };
    };
    const run = <Output>(
      effect: Effect<Tx, Output>,
      job = newJob(),
      signal?: AbortSignal,
    ): Promise<OnceResult<Output>> => runOnce({ ...ONCE_PARTS, store, signal }, job, effect);
    const counter = async (): Promise<number> =>
      (await outside.query<{ n: number }>('SELECT n FROM counter')).rows[0]?.n ?? Number.NaN;

    beforeAll(async () => {
      outside = await makeCounter(server);
      // One connection: a branch that goes on would meet the next call's transaction, and one that is not given back stops everything.
      // Where the client cannot be reached, a statement that is under way is ended from a second one.
      app = await kind.open(server.url, kind.isGuarded ? 1 : 2);
      store = app.snapshots({ migrate: true, lockWaitMs: 5_000 }).open(ONCE_PARTS);
    });
    beforeEach(() => outside.query('UPDATE counter SET n = 0'));
    afterAll(() => app?.close());

    it('is committed with its success, seen by nobody before, and not run again', async () => {
      const job = newJob();
      const seen: number[] = [];
      const effect = async (tx: Tx): Promise<string> => {
        await app.add(tx);
        seen.push(await counter());
        return 'done';
      };
      expect(await run(effect, job)).toMatchObject({ kind: 'ran', output: 'done' });
      expect(await run(effect, job)).toMatchObject({ kind: 'replayed', output: 'done' });
      expect([seen, await counter()]).toEqual([[0], 1]);
    });

    it('is rolled back with its failure, and may run again', async () => {
      const job = newJob();
      const failing = run(async (tx) => {
        await app.add(tx);
        throw new Error('no ink');
      }, job);
      await expect(failing).rejects.toThrow('no ink');
      expect(await counter()).toBe(0);
      await run((tx) => app.add(tx), job);
      expect(await counter()).toBe(1);
    });

    it('gets nothing through after its end, also while the next call is in its transaction', async () => {
      let late: Promise<unknown> | undefined;
      const goOn = newGate();
      const slow = async (tx: Tx): Promise<void> => {
        await goOn.opened;
        await app.add(tx);
      };
      await run((tx) => {
        late = slow(tx);
        late.catch(() => undefined);
      });
      await run(async (tx) => {
        goOn.open();
        await expect(late).rejects.toThrow();
        await app.add(tx);
      });
      expect(await counter()).toBe(1);
    });

    it('gets nothing through by raw SQL after its end', async () => {
      let kept: Tx | undefined;
      await run((tx) => {
        kept = tx;
      });
      await expect(app.raw(kept as Tx, ADD)).rejects.toThrow();
      await expect(app.add(kept as Tx)).rejects.toThrow();
      expect(await counter()).toBe(0);
    });

    it('may have a transaction inside, which can fail by itself', async () => {
      await run(async (tx) => {
        await app.nested(tx, (inner) => app.add(inner));
        const failing = app.nested(tx, async (inner) => {
          await app.raw(inner, ADD);
          throw new Error('no ink');
        });
        await expect(failing).rejects.toThrow('no ink');
      });
      expect(await counter()).toBe(1);
    });

    it('that swallowed the error of a statement has failed, and nothing is kept', async () => {
      const running = run(async (tx) => {
        await app.add(tx);
        await app.raw(tx, 'SELECT 1 / 0').catch(() => undefined);
      });
      await expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_REFUSED' });
      expect(await counter()).toBe(0);
    });

    it('is run again when the server finds a deadlock, and the calls before leave nothing', async () => {
      let calls = 0;
      await run(async (tx) => {
        calls += 1;
        await app.add(tx);
        if (calls > 1) return;
        await app.raw(tx, `DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$`);
      });
      expect([calls, await counter()]).toEqual([2, 1]);
    });

    it('is rolled back at once when its run is told to end, whatever it waits for', async () => {
      const told = new AbortController();
      const running = run(
        async (tx) => {
          await app.add(tx);
          await app.raw(tx, 'SELECT pg_sleep(20)');
        },
        newJob(),
        told.signal,
      );
      running.catch(() => undefined);
      await expect
        .poll(() => isActive(outside, 'SELECT pg_sleep%'), { timeout: 10_000, interval: 10 })
        .toBe(true);
      const beganMs = performance.now();
      told.abort(new Error('lease lost'));
      await expect(running).rejects.toThrow();
      expect(performance.now() - beganMs).toBeLessThan(4_000);
      expect(await counter()).toBe(0);
      // The only connection is there for the next one, and the row is free.
      await run((tx) => app.add(tx));
      expect(await counter()).toBe(1);
    });

    it('of a stale holder is ended by a larger token, and rolled back', async () => {
      const other = await kind.open(server.url, 2);
      try {
        const theirs = other.snapshots({ lockWaitMs: 5_000 }).open(ONCE_PARTS);
        const [old, next] = [newJob(1), newJob(2)];
        const begun = newGate();
        const stale = run(
          async (tx) => {
            await app.add(tx);
            begun.open();
            await app.raw(tx, 'SELECT pg_sleep(20)');
          },
          { ...old, jobId: next.jobId },
        );
        const told = stale.then(
          () => 'ran',
          () => 'refused',
        );
        await begun.opened;
        const { jobId } = next;
        const taken = await runOnce(
          { ...ONCE_PARTS, store: theirs, signal: undefined },
          { jobId, fencingToken: 2 },
          (tx) => other.add(tx),
        );
        expect([taken.kind, await told, await counter()]).toEqual(['ran', 'refused', 1]);
      } finally {
        await other.close();
      }
    });

    it('whose COMMIT has no answer is looked up on another connection', async () => {
      const proxy = ProxyHost.open();
      const link = await proxy.link(server.url);
      // Those that are cut off come back to the pool only where the store can end them.
      const cutOff = await kind.open(link.url, kind.isGuarded ? 2 : 10);
      try {
        const theirs = cutOff.snapshots({ timeoutMs: 1_000 }).open(ONCE_PARTS);
        const before = await counter();
        const running = runOnce({ ...ONCE_PARTS, store: theirs, signal: undefined }, newJob(), async (tx) => {
          await cutOff.add(tx);
          // Holds COMMIT, so that the test has the time to cut its answer off.
          await cutOff.raw(tx, 'INSERT INTO slow_commit VALUES (1)');
        });
        await expect.poll(() => isActive(outside, 'commit%'), { timeout: 5_000, interval: 10 }).toBe(true);
        await link.set({ replies: { drop: true } });
        const { accepted } = await link.counters();
        await expect.poll(counter).toBe(before + 1);
        const isAskedAgain = async (): Promise<boolean> => (await link.counters()).accepted > accepted;
        await expect.poll(isAskedAgain, { timeout: 10_000, interval: 10 }).toBe(true);
        await link.set({});
        expect(await running).toMatchObject({ kind: 'ran', snapshot: { status: 'success' } });
        expect(await counter()).toBe(before + 1);
      } finally {
        await cutOff.close().catch(() => undefined);
        await proxy.close();
      }
    });

    if (kind.isGuarded) describeGuard();
    else describeWithoutGuard();

    function describeGuard(): void {
      it('does not succeed while a statement of it has not been answered', async () => {
        let unheard: Promise<unknown> | undefined;
        const held = await holdLock(outside);
        const running = run(async (tx) => {
          unheard = app.raw(tx, ADD_WHEN_FREE);
          unheard.catch(() => undefined);
          await held.isAwaited();
          // Its answer comes over the network, later than the end of this.
          held.free();
        });
        await expect(running).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
        await unheard?.catch(() => undefined);
        expect(await counter()).toBe(0);
      });

      it.each(['BEGIN', 'COMMIT', '; COMMIT', 'ROLLBACK', 'END'])(
        'cannot say %s, and nothing of it stays',
        async (text) => {
          const running = run(async (tx) => {
            await app.add(tx);
            await app.raw(tx, text);
            await app.add(tx);
          });
          await expect(running).rejects.toThrow();
          expect(await counter()).toBe(0);
          await run((tx) => app.add(tx));
          expect(await counter()).toBe(1);
        },
      );

      it.each(['commit', 'rollback', 'release'] as const)(
        'cannot %s by the calls of the ORM',
        async (end) => {
          const endIt = app.ends?.[end];
          if (endIt === undefined) return;
          const running = run(async (tx) => {
            await app.add(tx);
            await endIt(tx);
          });
          await expect(running).rejects.toMatchObject({ code: 'DSCHED_TX_REFUSED' });
          expect(await counter()).toBe(0);
          await run((tx) => app.add(tx));
          expect(await counter()).toBe(1);
        },
      );
    }

    function describeWithoutGuard(): void {
      it('keeps with its success what a branch sends until COMMIT, and nothing that comes later', async () => {
        let branch: Promise<unknown> | undefined;
        const held = await holdLock(outside);
        await run(async (tx) => {
          branch = app.raw(tx, ADD_WHEN_FREE).then(async () => {
            for (;;) await app.add(tx);
          });
          branch.catch(() => undefined);
          await held.isAwaited();
          held.free();
        });
        const kept = await counter();
        await expect(branch).rejects.toThrow();
        expect([kept > 0, await counter()]).toEqual([true, kept]);
      });

      it('that says COMMIT is found out when its success is to be written', async () => {
        const running = run(async (tx) => {
          await app.add(tx);
          await app.raw(tx, 'COMMIT');
        });
        await expect(running).rejects.toMatchObject({ code: 'DSCHED_STORE_REFUSED' });
        await run((tx) => app.add(tx));
      });
    }
  });
}
