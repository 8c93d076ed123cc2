import type pg from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import { resolvePostgresSettings } from '#src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { lacksPgbouncer } from '../../support/lacks-pgbouncer.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import {
  COUNTER_TABLE,
  CRASH_POINTS,
  type CrashPoint,
  countInPostgres,
  countInRedis,
  TAKEOVER_MS,
} from './doomed-plan.js';
import { cutAt } from './doomed-process.js';
import { type Aftermath, attempt, newJobId, platform, statusOf } from './next-attempt.js';

type Cut = 'lost' | 'deaf';
type Scene = readonly [cut: Cut, point: CrashPoint, aftermath: Aftermath];

const LEFT_WITHIN_MS = 20_000;

function scenesOf(aftermaths: Record<Cut, Partial<Record<CrashPoint, Aftermath>>>): readonly Scene[] {
  return (['lost', 'deaf'] as const).flatMap((cut) =>
    CRASH_POINTS.flatMap((point): Scene[] => {
      const aftermath = aftermaths[cut][point];
      return aftermath === undefined ? [] : [[cut, point, aftermath]];
    }),
  );
}

/** Behind the pooler only where it could make a difference: what it does with an open transaction whose client has gone or hears nothing. */
const POINTS_BEHIND_POOLER: ReadonlySet<CrashPoint> = new Set([
  'after the upsert, before its COMMIT',
  'in the effect, after its write',
  'after the update, before COMMIT',
]);

describe.each(['PostgreSQL', 'pgbouncer'] as const)('on the way to %s', (way) => {
  const lacks = way === 'pgbouncer' ? lacksPgbouncer : lacksPostgres;
  describe.skipIf(lacks(`hosts that are cut off from ${way}`))(
    'with snapshots in PostgreSQL, a process whose host is',
    () => {
      const NOTHING_YET: Aftermath = [['nothing'], ['ran'], 1];
      const UNDONE: Aftermath = [['pending'], ['ran'], 1];
      const DONE: Aftermath = [['success'], ['replayed'], 1];
      const EITHER: Aftermath = [['pending', 'success'], ['ran', 'replayed'], 1];
      const LOST: Record<CrashPoint, Aftermath> = {
        'after the cache was checked': NOTHING_YET,
        'after BEGIN': NOTHING_YET,
        'after the upsert, before its COMMIT': NOTHING_YET,
        'after the pending snapshot': UNDONE,
        'in the effect, after its write': UNDONE,
        'after the effect, before the update': UNDONE,
        'after the update, before COMMIT': UNDONE,
        'when COMMIT is on its way': EITHER,
        'after the success, before it is published': DONE,
      };
      const all = scenesOf({
        lost: LOST,
        deaf: {
          ...LOST,
          // Both COMMITs reach the server, and their answers are cut.
          'after the upsert, before its COMMIT': UNDONE,
          'after the update, before COMMIT': DONE,
        },
      });
      const scenes = all.filter(([, point]) => way === 'PostgreSQL' || POINTS_BEHIND_POOLER.has(point));
      let server: PostgresServer;
      let pooler: Pgbouncer | undefined;
      let url: string;
      let proxy: ProxyHost;
      let pool: pg.Pool;
      let store: PostgresSnapshotStore;

      beforeAll(async () => {
        server = await startPostgres();
        if (way === 'pgbouncer') pooler = await startPgbouncer(server.url, { mode: 'transaction' });
        url = pooler?.url ?? server.url;
        proxy = ProxyHost.open();
        pool = server.pool({ connectionString: url });
        await pool.query(COUNTER_TABLE);
        const settings = resolvePostgresSettings({ takeoverMs: TAKEOVER_MS });
        store = new PostgresSnapshotStore(pool, platform.clock, settings, async () => undefined);
        await store.migrate();
      });
      afterAll(async () => {
        await proxy?.close();
        await pooler?.stop();
        await server?.stop();
      });

      it.concurrent.for(scenes)(
        '%s %s leaves an effect that is applied exactly once, also when it is back',
        async ([cut, point, [left, next, effects]], { expect }) => {
          const { jobId, heal } = await cutAt(point, await proxy.link(url), cut);

          await expect.poll(() => statusOf(store, jobId), { timeout: LEFT_WITHIN_MS }).toBeOneOf([...left]);
          const beganMs = performance.now();
          const result = await attempt(store, jobId, (tx) => countInPostgres(tx, jobId));
          // Nobody waits until the server ends the silent session by itself.
          expect(performance.now() - beganMs).toBeLessThan(TAKEOVER_MS / 2);
          expect(next).toContain(result.kind);
          expect(result).toMatchObject({ output: 1, snapshot: { status: 'success' } });

          // It finds the success, be it its own or that of the other, or that it was taken over.
          expect(await heal()).toBeOneOf(['ran', 'replayed', 'superseded']);
          const { rows } = await pool.query('SELECT runs FROM counter WHERE job_id = $1', [jobId]);
          expect(rows).toEqual([{ runs: effects }]);
        },
      );
    },
  );
});

describe('with snapshots in Redis, a process whose host is', () => {
  const scenes = scenesOf({
    lost: {
      'after the cache was checked': [['nothing'], ['ran'], 1],
      'after the pending snapshot': [['pending'], ['ran'], 1],
      'in the effect, after its write': [['pending'], ['ran'], 2],
      'after the effect, before the update': [['pending'], ['ran'], 2],
      'after the success, before it is published': [['success'], ['replayed'], 1],
    },
    deaf: {
      'after the cache was checked': [['pending'], ['ran'], 1],
      // The write of the effect arrives, and it cannot know.
      'after the pending snapshot': [['pending'], ['ran'], 2],
      // The success arrives as well.
      'in the effect, after its write': [['success'], ['replayed'], 1],
      'after the effect, before the update': [['success'], ['replayed'], 1],
      'after the success, before it is published': [['success'], ['replayed'], 1],
    },
  });
  let server: RedisServer;
  let proxy: ProxyHost;
  let store: SnapshotStore<undefined>;

  beforeAll(async () => {
    server = await startRedis();
    proxy = ProxyHost.open();
    store = redisSnapshots({ redis: server.url, takeoverMs: TAKEOVER_MS }).open(platform);
    // From now on the server knows the scripts: who is deaf could not be asked for their text.
    await attempt(store, newJobId(), async () => 0);
  });
  afterAll(async () => {
    await store?.close();
    await proxy?.close();
    await server?.stop();
  });

  it.concurrent.for(scenes)(
    '%s %s leaves what the documentation says, also when it is back',
    async ([cut, point, [left, next, effects]], { expect }) => {
      const { jobId, heal } = await cutAt(point, await proxy.link(server.url), cut);
      const redis = server.client();

      await expect.poll(() => statusOf(store, jobId), { timeout: LEFT_WITHIN_MS }).toBeOneOf([...left]);
      const result = await attempt(store, jobId, () => countInRedis(redis, jobId));
      expect(next).toContain(result.kind);
      expect(result).toMatchObject({ snapshot: { status: 'success' } });

      await heal();
      expect(Number(await redis.get(`counter:${jobId}`))).toBe(effects);
    },
  );
});
