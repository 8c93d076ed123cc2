/**
 * A process that makes one attempt at a job and kills or stops itself, or is cut off, at a given point of it. It wraps what the flow is made of
 * (the pool's connections, the ports, the effect) and knows nothing of the flow itself.
 */

import { once } from 'node:events';
import { Redis } from 'ioredis';
import pg from 'pg';
import { type Effect, runOnce } from '#src/once/run-once.js';
import type { OpenAttempt, SnapshotCache, SnapshotStore } from '#src/once/snapshot-store.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import { resolvePostgresSettings } from '#src/postgres/postgres-snapshot-settings.js';
import { PostgresSnapshotStore } from '#src/postgres/postgres-snapshot-store.js';
import { redisSnapshots } from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { between } from '../../support/between.js';
import {
  CUT_OFF_TIMEOUT_MS,
  countInPostgres,
  countInRedis,
  type DoomedPlan,
  type FromDoomed,
  PATIENT_TIMEOUT_MS,
  TAKEOVER_MS,
} from './doomed-plan.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as DoomedPlan;
const platform = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'doomed' };

const isCutOff = plan.doom === 'lost' || plan.doom === 'deaf';
const limits = { timeoutMs: isCutOff ? CUT_OFF_TIMEOUT_MS : PATIENT_TIMEOUT_MS };
let isDoomed = false;

function tell(message: FromDoomed): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) return resolve();
    process.send(message, undefined, undefined, () => resolve());
  });
}

/** As a signal from outside: nothing of this process runs after kill -9, and after SIGSTOP nothing before it is woken. */
async function dieAt(point: DoomedPlan['point']): Promise<void> {
  if (plan.point !== point || isDoomed) return;
  isDoomed = true;
  if (isCutOff) {
    const cut = once(process, 'message');
    await tell({ kind: 'at-point' });
    await cut;
    return;
  }
  process.kill(process.pid, plan.doom);
  if (plan.doom !== 'SIGSTOP') await new Promise(() => {});
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

async function attemptAt<Tx>(store: SnapshotStore<Tx>, effect: Effect<Tx, number>): Promise<string> {
  const parts = {
    ...platform,
    store,
    cache,
    patience: DEFAULT_PATIENCE,
    digest: sha256Hex,
    mostKeptChars: 1_000,
  };
  const job = { jobId: plan.jobId, fencingToken: plan.fencingToken };
  const result = await runOnce(parts, job, async (tx, snapshot) => {
    const output = await effect(tx, snapshot);
    await dieAt('in the effect, after its write');
    return output;
  });
  return result.kind;
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
  const doomed = (attempt: OpenAttempt<Tx>): OpenAttempt<Tx> =>
    between(attempt, { before: { succeed: () => dieAt('after the effect, before the update') } });
  return between<SnapshotStore<Tx>>(store, {
    instead: {
      begin: async (ask) => {
        const verdict = await ask();
        await dieAt('after the pending snapshot');
        return verdict.kind === 'begun' ? { ...verdict, attempt: doomed(verdict.attempt) } : verdict;
      },
    },
  });
}

async function attemptAtStore(): Promise<string> {
  if (plan.url.startsWith('postgres')) {
    const settings = resolvePostgresSettings({ takeoverMs: TAKEOVER_MS, ...limits });
    const store = new PostgresSnapshotStore(doomedPool(), platform.clock, settings, async () => undefined);
    return attemptAt(store, (tx) => countInPostgres(tx, plan.jobId));
  }
  const redis = new Redis(plan.url);
  // A client that sends a command again by itself, when its answer was lost, would count twice in one effect.
  const counter = new Redis(plan.url, {
    autoResendUnfulfilledCommands: false,
    commandTimeout: CUT_OFF_TIMEOUT_MS,
  });
  for (const client of [redis, counter]) client.on('error', () => undefined);
  await Promise.all([redis, counter].map((client) => once(client, 'ready')));
  const store = redisSnapshots({ redis, takeoverMs: TAKEOVER_MS, ...limits }).open(platform);
  // Its connection is made now: one that is made after the cut would never be greeted.
  await store.read(plan.jobId);
  return attemptAt(doomedStore(store), () => countInRedis(counter, plan.jobId));
}

let how: string;
try {
  how = await attemptAtStore();
} catch (error) {
  how = (error as { code?: string }).code ?? String(error);
}
await tell({ kind: 'ended', how });
// Whoever was to be killed has died before this.
process.exit(1);
