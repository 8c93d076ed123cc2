import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolvePostgresSettings } from '../../../libs/distributed-schedule/src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '../../../libs/distributed-schedule/src/postgres/postgres-snapshot-store.js';
import type { OnceResult } from '../../../libs/distributed-schedule/src/protocol/snapshot/once-result.js';
import { runOnce } from '../../../libs/distributed-schedule/src/protocol/snapshot/run-once.js';
import type {
  Snapshot,
  SnapshotStore,
} from '../../../libs/distributed-schedule/src/protocol/snapshot/snapshot-store.js';
import { DEFAULT_PATIENCE } from '../../../libs/distributed-schedule/src/protocol/snapshot/store-patience.js';
import { redisSnapshots } from '../../../libs/distributed-schedule/src/redis/redis-snapshots.js';
import { sha256Hex } from '../../../libs/distributed-schedule/src/system/sha256.js';
import { SystemClock } from '../../../libs/distributed-schedule/src/system/system-clock.js';
import { SystemRandom } from '../../../libs/distributed-schedule/src/system/system-random.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { compiled } from './compiled-program.js';
import {
  COUNTER_TABLE,
  CRASH_POINTS,
  type CrashPoint,
  countInPostgres,
  countInRedis,
  type Doom,
  type DoomedPlan,
  TAKEOVER_MS,
} from './doomed-plan.js';

const PROGRAM = fileURLToPath(new URL('./doomed-attempt.ts', import.meta.url));
const FIRST_TOKEN = 1_000;

const platform = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'doomed' };
let jobs = 0;
let compiledProgram = '';
beforeAll(() => {
  compiledProgram = compiled(PROGRAM);
});

interface Doomed {
  readonly jobId: string;
  readonly child: ChildProcess;
}

function doomed(point: CrashPoint, url: string, doom: Doom): Doomed {
  jobs += 1;
  const jobId = sha256Hex(`job ${jobs}`).slice(0, 32);
  const plan: DoomedPlan = { url, jobId, fencingToken: FIRST_TOKEN, point, doom };
  return { jobId, child: fork(compiledProgram, [JSON.stringify(plan)]) };
}

/** Lets a process die at that point of its attempt, and resolves to the job. */
async function crashAt(point: CrashPoint, url: string): Promise<string> {
  const { jobId, child } = doomed(point, url, 'SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
  return jobId;
}

/** Lets a process stop there; it neither lives nor dies. */
async function stopAt(point: CrashPoint, url: string): Promise<Doomed> {
  const stopped = doomed(point, url, 'SIGSTOP');
  const state = (): string =>
    execFileSync('ps', ['-o', 'state=', '-p', String(stopped.child.pid)]).toString();
  await expect.poll(state, { timeout: 20_000 }).toMatch(/^T/);
  return stopped;
}

/** The next attempt at the job, as a retake makes it: with a larger token. */
function attempt<Tx>(
  store: SnapshotStore<Tx>,
  jobId: string,
  effect: (tx: Tx) => Promise<number>,
  fencingToken = FIRST_TOKEN + 1,
): Promise<OnceResult<number>> {
  const parts = { ...platform, store, patience: DEFAULT_PATIENCE, digest: sha256Hex, mostKeptChars: 1_000 };
  return runOnce(parts, { jobId, fencingToken }, effect);
}

async function statusOf(store: SnapshotStore, jobId: string): Promise<Snapshot['status'] | 'nothing'> {
  const reply = await store.read(jobId);
  if (!reply.answered) throw new Error(reply.reason);
  return reply.snapshot?.status ?? 'nothing';
}

/** Per point: what is left behind, and what the next attempt does. Docs: docs/idempotence.md. */
type Aftermath = readonly [left: readonly string[], next: readonly string[], effects: number];

describe.skipIf(lacksPostgres('crash points in PostgreSQL'))(
  'with snapshots in PostgreSQL, a process that dies',
  () => {
    const AFTERMATH: Record<CrashPoint, Aftermath> = {
      'after the cache was checked': [['nothing'], ['ran'], 1],
      'after BEGIN': [['nothing'], ['ran'], 1],
      'after the upsert, before its COMMIT': [['nothing'], ['ran'], 1],
      'after the pending snapshot': [['pending'], ['ran'], 1],
      'in the effect, after its write': [['pending'], ['ran'], 1],
      'after the effect, before the update': [['pending'], ['ran'], 1],
      'after the update, before COMMIT': [['pending'], ['ran'], 1],
      'when COMMIT is on its way': [['pending', 'success'], ['ran', 'replayed'], 1],
      'after the success, before it is published': [['success'], ['replayed'], 1],
    };
    let server: PostgresServer;
    let pool: pg.Pool;
    let store: PostgresSnapshotStore;

    beforeAll(async () => {
      server = await startPostgres();
      pool = server.pool();
      await pool.query(COUNTER_TABLE);
      const settings = resolvePostgresSettings({ takeoverMs: TAKEOVER_MS });
      store = new PostgresSnapshotStore(pool, platform.clock, settings, async () => undefined);
      await store.migrate();
    });
    afterAll(() => server?.stop());

    it.each(CRASH_POINTS)('%s leaves an effect that is applied exactly once', async (point) => {
      const [left, next, effects] = AFTERMATH[point];
      const jobId = await crashAt(point, server.url);

      expect(left).toContain(await statusOf(store, jobId));
      const result = await attempt(store, jobId, (tx) => countInPostgres(tx, jobId));

      expect(next).toContain(result.kind);
      expect(result).toMatchObject({ output: 1, snapshot: { status: 'success' } });
      const { rows } = await server.pool().query('SELECT runs FROM counter WHERE job_id = $1', [jobId]);
      expect(rows).toEqual([{ runs: effects }]);
    });

    it.each(CRASH_POINTS)(
      '%s, or stops there, leaves an effect that is applied exactly once, also when it wakes',
      async (point) => {
        const { jobId, child } = await stopAt(point, server.url);
        const beganMs = performance.now();
        const result = await attempt(store, jobId, (tx) => countInPostgres(tx, jobId));
        // Nobody waits until the server ends the silent session by itself.
        expect(performance.now() - beganMs).toBeLessThan(TAKEOVER_MS / 2);
        expect(AFTERMATH[point][1]).toContain(result.kind);
        expect(result).toMatchObject({ output: 1, snapshot: { status: 'success' } });
        const ended = once(child, 'exit');
        child.kill('SIGCONT');
        await ended;
        const { rows } = await pool.query('SELECT runs FROM counter WHERE job_id = $1', [jobId]);
        expect(rows).toEqual([{ runs: 1 }]);
      },
    );

    it('in the effect is followed by an attempt with the same token at once: the row tells that it has died', async () => {
      const jobId = await crashAt('in the effect, after its write', server.url);
      const result = await attempt(store, jobId, (tx) => countInPostgres(tx, jobId), FIRST_TOKEN);
      expect(result).toMatchObject({ kind: 'ran', output: 1, snapshot: { attempt: 2 } });
    });
  },
);

describe('with snapshots in Redis, a process that dies', () => {
  const AFTERMATH: Partial<Record<CrashPoint, Aftermath>> = {
    'after the cache was checked': [['nothing'], ['ran'], 1],
    'after the pending snapshot': [['pending'], ['ran'], 1],
    'in the effect, after its write': [['pending'], ['ran'], 2],
    'after the effect, before the update': [['pending'], ['ran'], 2],
    'after the success, before it is published': [['success'], ['replayed'], 1],
  };
  let server: RedisServer;
  let store: SnapshotStore<undefined>;

  beforeAll(async () => {
    server = await startRedis();
    store = redisSnapshots({ redis: server.url, takeoverMs: TAKEOVER_MS }).open(platform);
  });
  afterAll(async () => {
    await store?.close();
    await server?.stop();
  });

  const points = Object.entries(AFTERMATH) as [CrashPoint, Aftermath][];
  it.each(points)('%s leaves what the documentation says', async (point, [left, next, effects]) => {
    const jobId = await crashAt(point, server.url);

    expect(left).toContain(await statusOf(store, jobId));
    const redis = server.client();
    const result = await attempt(store, jobId, () => countInRedis(redis, jobId));

    expect(next).toContain(result.kind);
    expect(result).toMatchObject({ snapshot: { status: 'success' } });
    expect(Number(await redis.get(`counter:${jobId}`))).toBe(effects);
  });

  it('in the effect keeps others with the same token out until the bound has passed', async () => {
    const jobId = await crashAt('in the effect, after its write', server.url);
    const result = await attempt(store, jobId, () => countInRedis(server.client(), jobId), FIRST_TOKEN);
    expect(result.kind).toBe('pending');
  });
});
