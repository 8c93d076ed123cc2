/**
 * A process that makes one attempt at a job and kills or stops itself at a given point of it. It wraps what the flow is made of (the
 * pool's connections, the ports, the effect) and knows nothing of the flow itself.
 */

import { Redis } from 'ioredis';
import pg from 'pg';
import { resolvePostgresSettings } from '../../../libs/distributed-schedule/src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '../../../libs/distributed-schedule/src/postgres/postgres-snapshot-store.js';
import { type Effect, runOnce } from '../../../libs/distributed-schedule/src/protocol/snapshot/run-once.js';
import type {
  OpenAttempt,
  SnapshotCache,
  SnapshotStore,
} from '../../../libs/distributed-schedule/src/protocol/snapshot/snapshot-store.js';
import { DEFAULT_PATIENCE } from '../../../libs/distributed-schedule/src/protocol/snapshot/store-patience.js';
import { redisSnapshots } from '../../../libs/distributed-schedule/src/redis/redis-snapshots.js';
import { sha256Hex } from '../../../libs/distributed-schedule/src/system/sha256.js';
import { SystemClock } from '../../../libs/distributed-schedule/src/system/system-clock.js';
import { SystemRandom } from '../../../libs/distributed-schedule/src/system/system-random.js';
import { countInPostgres, countInRedis, type DoomedPlan, TAKEOVER_MS } from './doomed-plan.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as DoomedPlan;
const platform = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'doomed' };

let isDoomed = false;

/** As a signal from outside: nothing of this process runs after kill -9, and after SIGSTOP nothing before it is woken. */
function dieAt(point: DoomedPlan['point']): Promise<void> {
  if (plan.point !== point || isDoomed) return Promise.resolve();
  isDoomed = true;
  process.kill(process.pid, plan.doom);
  return plan.doom === 'SIGSTOP' ? Promise.resolve() : new Promise(() => {});
}

const cache: SnapshotCache = {
  read: async () => {
    await dieAt('after the cache was checked');
    return undefined;
  },
  publish: async () => {
    await dieAt('after the success, before it is published');
  },
  forget: async () => ({ forgotten: true }),
  close: async () => undefined,
};

async function attemptAt<Tx>(store: SnapshotStore<Tx>, effect: Effect<Tx, number>): Promise<void> {
  const parts = {
    ...platform,
    store,
    cache,
    patience: DEFAULT_PATIENCE,
    digest: sha256Hex,
    mostKeptChars: 1_000,
  };
  await runOnce(parts, { jobId: plan.jobId, fencingToken: plan.fencingToken }, async (tx, snapshot) => {
    const output = await effect(tx, snapshot);
    await dieAt('in the effect, after its write');
    return output;
  });
}

/** A pool whose connections die before or after certain statements. */
function doomedPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: plan.url, max: 1 });
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const watched = async (...args: unknown[]): Promise<unknown> => {
      const text = String(args[0]);
      const isSnapshot = text.includes('distributed_schedule_snapshot');
      if (text.startsWith('UPDATE') && isSnapshot) await dieAt('after the effect, before the update');
      if (text === 'COMMIT') await dieAt('after the update, before COMMIT');
      const reply = query(...args);
      // The message is in the socket by then, and its answer is not.
      if (text === 'COMMIT') setImmediate(() => void dieAt('when COMMIT is on its way'));
      const result = await reply;
      if (text.startsWith('BEGIN')) await dieAt('after BEGIN');
      if (text.startsWith('INSERT') && isSnapshot) await dieAt('after the upsert, before its COMMIT');
      if (text.startsWith('COMMIT; BEGIN')) await dieAt('after the pending snapshot');
      return result;
    };
    Object.assign(client, { query: watched });
  });
  return pool;
}

/** The port is the finest that Redis has: each of its steps is one script. */
function doomedStore<Tx>(store: SnapshotStore<Tx>): SnapshotStore<Tx> {
  const doomed = (attempt: OpenAttempt<Tx>): OpenAttempt<Tx> => ({
    ...attempt,
    succeed: async (output) => {
      await dieAt('after the effect, before the update');
      return attempt.succeed(output);
    },
  });
  return {
    isTransactional: store.isTransactional,
    read: (jobId) => store.read(jobId),
    isUndone: (error) => store.isUndone(error),
    close: () => store.close(),
    begin: async (start) => {
      const verdict = await store.begin(start);
      await dieAt('after the pending snapshot');
      return verdict.kind === 'begun' ? { ...verdict, attempt: doomed(verdict.attempt) } : verdict;
    },
  };
}

if (plan.url.startsWith('postgres')) {
  const settings = resolvePostgresSettings({ takeoverMs: TAKEOVER_MS });
  const store = new PostgresSnapshotStore(doomedPool(), platform.clock, settings, async () => undefined);
  await attemptAt(store, (tx) => countInPostgres(tx, plan.jobId));
} else {
  const redis = new Redis(plan.url);
  const store = redisSnapshots({ redis, takeoverMs: TAKEOVER_MS }).open(platform);
  await attemptAt(doomedStore(store), () => countInRedis(redis, plan.jobId));
}
// It was to die before this.
process.exit(1);
