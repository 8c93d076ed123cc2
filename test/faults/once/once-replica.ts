/**
 * One replica of the counter test: an application with two tasks, and a consumer that makes attempts at recent ticks again, as
 * retries, recoveries and other at-least-once deliveries do.
 */

import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import {
  DistributedScheduleModule,
  IdempotentExecutionModule,
  IdempotentExecutor,
  IntervalExclusive,
  redisSnapshotCache,
  type ScheduleEvent,
  type TickContext,
} from '#src/index.js';
import { postgresSnapshots } from '#src/postgres/index.js';
import { idempotencyKey } from '#src/system/idempotency-key.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { Counting } from './counting.js';
import {
  type FromReplica,
  LOOK_BACK_MS,
  NAMESPACE,
  PERIOD_MS,
  type ReplicaPlan,
  TAKEOVER_MS,
  TASK_NAMES,
  type TaskName,
} from './once-plan.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as ReplicaPlan;
const random = new SeededRandom(plan.seed);
const AGAIN_WITHIN_MS = 500;

function tell(message: FromReplica): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** What the judge needs to know of each tick. */
function tellOf(event: ScheduleEvent): void {
  if (event.type === 'started' && event.task === 'once')
    tell({ kind: 'told', tick: event.tick, what: 'started' });
  if (event.type === 'tick' && event.report.task === 'once') {
    const { tick, outcome, error } = event.report;
    const code = codeOf(error);
    tell({ kind: 'told', tick, what: outcome, ...(code === undefined ? {} : { code }) });
  }
  if (event.type === 'audit' && event.finding.task === 'once') {
    tell({ kind: 'told', tick: event.finding.tick, what: `audit: ${event.finding.outcome}` });
  }
}

/** Short limits: faults last for seconds. */
const pool = new pg.Pool({
  connectionString: plan.postgres,
  max: 8,
  connectionTimeoutMillis: 1_000,
  query_timeout: 3_000,
});
pool.on('error', () => undefined);

const POLICIES = { recovery: 'retake', retry: { attempts: 3, baseMs: 50, capMs: 100 } } as const;

@Injectable()
class Tasks {
  private readonly counting: Counting;

  constructor(@Inject(IdempotentExecutor) executor: IdempotentExecutor<pg.PoolClient>) {
    this.counting = new Counting({
      executor,
      pool,
      replica: plan.replica,
      random: () => random.next(),
      onEffect: (task) => tell({ kind: 'effect', task }),
    });
  }

  @IntervalExclusive(PERIOD_MS, { name: 'once', ...POLICIES })
  once(tick: TickContext): Promise<void> {
    return this.attempt('once', tick.idempotencyKey, tick.tick);
  }

  @IntervalExclusive(PERIOD_MS, { name: 'plain', ...POLICIES })
  plain(tick: TickContext): Promise<void> {
    return this.attempt('plain', tick.idempotencyKey, tick.tick);
  }

  /** At a tick of the last seconds, whatever became of it. */
  async again(): Promise<void> {
    const task = TASK_NAMES[Math.floor(random.next() * TASK_NAMES.length)] ?? 'once';
    const ageMs = PERIOD_MS + random.next() * (LOOK_BACK_MS - PERIOD_MS);
    const tick = Math.floor((Date.now() - ageMs) / PERIOD_MS) * PERIOD_MS;
    await this.attempt(task, idempotencyKey(NAMESPACE, task, tick), tick).catch(() => undefined);
  }

  private async attempt(task: TaskName, key: string, at: number): Promise<void> {
    try {
      tell({ kind: 'ended', task, how: await this.counting[task](key, at) });
    } catch (error) {
      tell({ kind: 'ended', task, how: codeOf(error) ?? 'error' });
      throw error;
    }
  }
}

@Module({
  imports: [
    DistributedScheduleModule.forRoot({
      namespace: NAMESPACE,
      app: 'once',
      redis: [...plan.redis],
      instanceId: plan.replica,
      bids: { staggerMs: 50 },
      shutdownTimeoutMs: 3_000,
      observers: [{ observe: tellOf }],
    }),
    IdempotentExecutionModule.forRoot({
      store: postgresSnapshots({
        postgres: pool,
        lockWaitMs: 300,
        takeoverMs: TAKEOVER_MS,
        timeoutMs: 1_000,
      }),
      cache: redisSnapshotCache({ redis: plan.redis[0] ?? '', ttlMs: 5_000 }),
      patience: { deadlineMs: 2_000 },
    }),
  ],
  providers: [Tasks],
})
class ReplicaModule {}

const app = await NestFactory.createApplicationContext(ReplicaModule, { logger: false, abortOnError: false });
const tasks = app.get(Tasks);
let isEnding = false;
// The channel closes when the run is over, and also when the process that runs it dies.
process.once('disconnect', () => {
  isEnding = true;
});
tell({ kind: 'ready' });
while (!isEnding) {
  await sleep(random.next() * AGAIN_WITHIN_MS);
  if (plan.repeats) await tasks.again();
}
await app.close();
process.exit(0);
