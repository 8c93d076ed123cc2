import { once } from 'node:events';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import { resolvePostgresSettings } from '#src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import {
  COUNTER_TABLE,
  CRASH_POINTS,
  type CrashPoint,
  countInPostgres,
  countInRedis,
  FIRST_TOKEN,
  TAKEOVER_MS,
} from './doomed-plan.js';
import { crashAt, stopAt } from './doomed-process.js';
import { type Aftermath, attempt, platform, statusOf } from './next-attempt.js';

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

    it.concurrent.for(CRASH_POINTS)(
      '%s leaves an effect that is applied exactly once',
      async (point, { expect }) => {
        const [left, next, effects] = AFTERMATH[point];
        const jobId = await crashAt(point, server.url);

        expect(left).toContain(await statusOf(store, jobId));
        const result = await attempt(store, jobId, (tx) => countInPostgres(tx, jobId));

        expect(next).toContain(result.kind);
        expect(result).toMatchObject({ output: 1, snapshot: { status: 'success' } });
        const { rows } = await server.pool().query('SELECT runs FROM counter WHERE job_id = $1', [jobId]);
        expect(rows).toEqual([{ runs: effects }]);
      },
    );

    it.concurrent.for(CRASH_POINTS)(
      '%s, or stops there, leaves an effect that is applied exactly once, also when it wakes',
      async (point, { expect }) => {
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
  it.concurrent.for(points)(
    '%s leaves what the documentation says',
    async ([point, [left, next, effects]], { expect }) => {
      const jobId = await crashAt(point, server.url);

      expect(left).toContain(await statusOf(store, jobId));
      const redis = server.client();
      const result = await attempt(store, jobId, () => countInRedis(redis, jobId));

      expect(next).toContain(result.kind);
      expect(result).toMatchObject({ snapshot: { status: 'success' } });
      expect(Number(await redis.get(`counter:${jobId}`))).toBe(effects);
    },
  );

  it('in the effect keeps others with the same token out until the bound has passed', async () => {
    const jobId = await crashAt('in the effect, after its write', server.url);
    const result = await attempt(store, jobId, () => countInRedis(server.client(), jobId), FIRST_TOKEN);
    expect(result.kind).toBe('pending');
  });
});
