/** The clock of a store is set back by an hour: no job stays pending for that hour, and every change is still later than the one before. */

import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemorySnapshotStore } from '#src/memory/memory-snapshot-store.js';
import type { JobStart, OpenAttempt, Snapshot, SnapshotStore } from '#src/once/snapshot-store.js';
import { redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { SystemRandom } from '#src/system/system-random.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { ClockShim } from '../../support/clock-shim/clock-shim.js';
import { endSession } from '../../support/end-session.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { startPostgres } from '../../support/postgres-server.js';
import { startRedis } from '../../support/redis-server.js';
import { CLOCK, newJob, storeIn } from './once-in-postgres.js';

const HOUR_MS = 3_600_000;
const TAKEOVER_MS = 400;

interface Stage {
  readonly mine: SnapshotStore;
  readonly yours: SnapshotStore;
  /** What an attempt's process leaves behind that dies. */
  crash(attempt: OpenAttempt<unknown>): Promise<void>;
  setBack(): void;
  passTakeover(): Promise<void>;
  close(): Promise<void>;
}

const canSetClocks = (await ClockShim.build()) !== undefined;

async function newShim(): Promise<ClockShim> {
  const shim = await ClockShim.build();
  if (shim === undefined) throw new Error('no clock shim');
  return shim;
}

async function inMemory(): Promise<Stage> {
  const clock = new ManualClock();
  const skew = { offsetMs: 0 };
  const settings = {
    clock: clock.skewed(skew),
    takeoverMs: TAKEOVER_MS,
    mostSnapshots: 100,
    makeId: () => 'memory',
  };
  const store = new MemorySnapshotStore(settings);
  return {
    ...{ mine: store, yours: store, crash: async () => undefined },
    setBack: () => {
      skew.offsetMs -= HOUR_MS;
    },
    passTakeover: () => clock.advance(TAKEOVER_MS),
    close: () => store.close(),
  };
}

async function inRedis(): Promise<Stage> {
  const shim = await newShim();
  const server = await startRedis({ env: shim.env() });
  const parts = { clock: CLOCK, random: new SystemRandom(), namespace: 'clocks' };
  const open = () =>
    redisSnapshots({ redis: server.client(), takeoverMs: TAKEOVER_MS, timeoutMs: 5_000 }).open(parts);
  const [mine, yours] = [open(), open()];
  return {
    ...{ mine, yours, crash: async () => undefined },
    setBack: () => shim.step(-HOUR_MS),
    passTakeover: () => sleep(TAKEOVER_MS + 20),
    close: async () => {
      await Promise.all([mine.close(), yours.close()]);
      await server.stop();
      shim.close();
    },
  };
}

async function inPostgres(): Promise<Stage> {
  const shim = await newShim();
  const env = shim.env();
  // The server runs under an account of its own.
  for (const path of [env.LD_PRELOAD ?? '', env.CLOCK_SHIM_FILE ?? '']) {
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o666);
  }
  const server = await startPostgres(env);
  const [mine, yours] = [storeIn(server.pool()), storeIn(server.pool())];
  await mine.migrate();
  return {
    ...{ mine: mine as SnapshotStore, yours: yours as SnapshotStore },
    crash: async ({ tx }) => {
      const { rows } = await (tx as PoolClient).query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await endSession(server.pool(), rows[0]?.pid);
    },
    setBack: () => shim.step(-HOUR_MS),
    // Nothing to wait for: the row's lock tells that its holder has gone.
    passTakeover: async () => undefined,
    close: async () => {
      await server.stop();
      shim.close();
    },
  };
}

const STORES: readonly (readonly [string, boolean, () => Promise<Stage>])[] = [
  ['in memory', false, inMemory],
  ['in Redis', !canSetClocks, inRedis],
  ['in PostgreSQL', !canSetClocks || lacksPostgres('clocks of PostgreSQL'), inPostgres],
];

for (const [name, isSkipped, open] of STORES) {
  describe.skipIf(isSkipped)(`a store ${name} whose clock is set back`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await open();
    });
    afterAll(() => stage?.close());

    let attempts = 0;
    const tryBegin = (store: SnapshotStore, job: Omit<JobStart, 'attemptId'>) => {
      attempts += 1;
      return store.begin({ ...job, attemptId: `attempt ${attempts}` });
    };
    const begin = async (
      store: SnapshotStore,
      job: Omit<JobStart, 'attemptId'>,
    ): Promise<OpenAttempt<unknown>> => {
      const verdict = await tryBegin(store, job);
      if (verdict.kind !== 'begun') throw new Error(`not begun: ${JSON.stringify(verdict)}`);
      return verdict.attempt;
    };
    const read = async (jobId: string): Promise<Snapshot | undefined> => {
      const reply = await stage.mine.read(jobId);
      return reply.answered ? reply.snapshot : undefined;
    };

    it('gives a job whose attempt has died to the next one, as late as without that and no later', async () => {
      const job = { jobId: newJob().jobId };
      await stage.crash(await begin(stage.mine, job));
      stage.setBack();
      // Whoever looks first sees that the clock is another one now. In PostgreSQL there is nothing to wait for.
      let verdict = await tryBegin(stage.yours, job);
      if (verdict.kind === 'pending') {
        await stage.passTakeover();
        verdict = await tryBegin(stage.yours, job);
      }
      expect(verdict).toMatchObject({ kind: 'begun', attempt: { snapshot: { attempt: 2 } } });
      if (verdict.kind === 'begun') expect((await verdict.attempt.succeed({})).kind).toBe('written');
    });

    it('keeps a job for its attempt until the takeover, whatever the clock does', async () => {
      const job = { jobId: newJob().jobId };
      const attempt = await begin(stage.mine, job);
      stage.setBack();
      expect((await tryBegin(stage.yours, job)).kind).toBe('pending');
      expect(await attempt.succeed({})).toMatchObject({ kind: 'written', snapshot: { attempt: 1 } });
    });

    it('lets updated_at grow with every change', async () => {
      const job = { jobId: newJob().jobId };
      const instants: number[] = [];
      for (const end of ['fail', 'fail', 'succeed'] as const) {
        const attempt = await begin(stage.mine, job);
        instants.push(attempt.snapshot.updatedAtUs);
        stage.setBack();
        await (end === 'fail' ? attempt.fail('no') : attempt.succeed({}));
        instants.push((await read(job.jobId))?.updatedAtUs ?? 0);
        stage.setBack();
      }
      expect(instants).toHaveLength(6);
      expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b));
    });
  });
}
