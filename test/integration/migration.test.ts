/** The small app of docs/migrating.md, before and after: due at the same instants, and then on one replica. */

import { join } from 'node:path';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleRegistry,
  type ScheduleEvent,
  type TaskStatus,
} from 'nestjs-distributed-schedule';
import { afterAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { endQuarantine, until } from '../support/redis-instances.js';
import { sharedRedis } from '../support/shared-servers.js';

// One for both tests: the module of the app reads its address once, when it is loaded.
const server = sharedRedis();
beforeEach(() => server.client().flushall());
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const MIGRATED = ['Upkeep.migrate', 'Upkeep.renew', 'poll', 'sweep', 'warm up'];
/** Of the job that is due most often, so many are more than a slow boot takes. */
const MAX_TICKS = 60;
/** The ticks of this much time are looked at. */
const WATCHED_MS = 8_000;

async function bootBefore() {
  const { AppModule } = await import('../migration/before/app.module.js');
  return boot(AppModule);
}

async function bootAfter() {
  vi.stubEnv('REDIS_URL', server.url);
  // Where an app is started whose package.json says what it is called.
  vi.spyOn(process, 'cwd').mockReturnValue(join(import.meta.dirname, '../migration'));
  const { AppModule } = await import('../migration/after/app.module.js');
  return boot(AppModule);
}

async function boot(module: new () => object) {
  const testing = await Test.createTestingModule({ imports: [module] }).compile();
  const app = testing.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.init();
  return app;
}

function nextTickOf(tasks: readonly TaskStatus[], beginning: string): number | undefined {
  const [task, ...others] = tasks.filter(({ schedule }) => schedule.startsWith(beginning));
  expect(others, beginning).toEqual([]);
  return task?.nextTick;
}

describe('the small app', () => {
  it('is due at the same instants before and after', async () => {
    const registry = (await bootBefore()).get(SchedulerRegistry);
    // Asked before the other app boots: its next ticks are among these, however long that takes.
    const dueMs = [...registry.getCronJobs().values()].map(({ cronTime }) =>
      cronTime.realDate ? [] : cronTime.sendAt(MAX_TICKS).map((instant) => instant.toMillis()),
    );
    const tasks = (await bootAfter()).get(DistributedScheduleRegistry).list();
    expect(tasks).toHaveLength(10);
    const jobs = [...registry.getCronJobs().values()];
    expect(jobs).toHaveLength(6);
    for (const [index, { cronTime }] of jobs.entries()) {
      if (cronTime.realDate) {
        expect(nextTickOf(tasks, 'once at')).toBe(cronTime.sendAt().valueOf());
        continue;
      }
      expect(dueMs[index]).toContain(nextTickOf(tasks, `${String(cronTime.source)} (`));
    }
    expect(registry.getIntervals()).toHaveLength(2);
    expect([nextTickOf(tasks, 'every 1 s'), nextTickOf(tasks, 'every 3 s')]).not.toContain(undefined);
    expect(registry.getTimeouts()).toHaveLength(2);
    const inMs = (tick: number | undefined): number => (tick ?? 0) - Date.now();
    expect(inMs(nextTickOf(tasks, 'once, 1500 ms'))).toBeLessThanOrEqual(1_600);
    expect(inMs(nextTickOf(tasks, 'once, 2500 ms'))).toBeLessThanOrEqual(2_600);
  });

  it('runs every tick on one of two replicas after', async () => {
    const runs: { task: string; tick: number }[] = [];
    const observe = (event: ScheduleEvent): void => {
      if (event.type === 'started') runs.push({ task: event.task, tick: event.tick });
    };
    for (const app of [await bootAfter(), await bootAfter()]) {
      app.get(DistributedScheduleRegistry).addObserver({ observe });
    }
    await until(async () => (await server.client().exists('{shop}:ledger')) === 1, 'the store is asked');
    await endQuarantine(server, 'shop');
    await until(() => runs.length > 0, 'ticks run');
    const fromMs = Date.now() + 1_000;
    const untilMs = fromMs + WATCHED_MS;
    await until(() => Date.now() > untilMs + 1_000, 'the watched time is over');
    const ticksOf = (task: string): readonly number[] =>
      runs
        .filter((run) => run.task === task && run.tick > fromMs && run.tick <= untilMs)
        .map(({ tick }) => tick);
    const multiples = (periodMs: number): readonly number[] =>
      Array.from(
        { length: WATCHED_MS / periodMs + 1 },
        (_, index) => (Math.floor(fromMs / periodMs) + 1 + index) * periodMs,
      ).filter((tick) => tick <= untilMs);
    expect(ticksOf('Upkeep.renew')).toEqual(multiples(1_000));
    expect(ticksOf('poll')).toEqual(multiples(2_000));
    expect(ticksOf('sweep')).toEqual(multiples(3_000));
    expect(runs.filter(({ task }) => task === 'Upkeep.migrate' || task === 'warm up')).toHaveLength(2);
    expect(new Set(runs.map(({ task }) => task))).toEqual(new Set(MIGRATED));
  });
});
