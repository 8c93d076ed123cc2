/** Mistakes that people make, each with the line that they read: the table at the end of docs/errors.md. */

import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  CronExclusive,
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import { bootApp, bootError, bootWith, LogCapture } from '../nest/nest-app.js';
import { REDIS_MISTAKES } from './redis-mistakes.js';
import { TOOL_MISTAKES } from './tool-mistakes.js';

export interface Mistake {
  /** What was written, as code. */
  readonly written: string;
  readonly line: () => Promise<string>;
}

type Task = ReturnType<typeof CronExclusive>;

const options = (written: string, schedule: object): Mistake => ({
  written,
  line: async () =>
    (await bootError(bootWith({ imports: [DistributedScheduleModule.forRoot(schedule)] }))).message,
});

@Module({})
class EmptyModule {}

const emptied = (): TestingModuleBuilder =>
  Test.createTestingModule({ imports: [DistributedScheduleModule.forRoot()] })
    .setLogger(new LogCapture())
    .overrideModule(DistributedScheduleModule)
    .useModule(EmptyModule);

async function under<T>(value: string, run: () => Promise<T>): Promise<T> {
  process.env.NEST_DISTRIBUTED_SCHEDULE = value;
  try {
    return await run();
  } finally {
    delete process.env.NEST_DISTRIBUTED_SCHEDULE;
  }
}

async function inProduction(schedule: object): Promise<string> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    return (await bootError(bootWith({ imports: [DistributedScheduleModule.forRoot(schedule)] }))).message;
  } finally {
    process.env.NODE_ENV = before;
  }
}

/** A class `Report` with one method `run`, in an app with the default durations. */
function reportWith(decorator: Task): new () => object {
  class Report {
    run(): void {}
  }
  Injectable()(Report);
  decorator(Report.prototype, 'run', Object.getOwnPropertyDescriptor(Report.prototype, 'run') as never);
  return Report;
}

const task = (written: string, decorator: Task): Mistake => ({
  written,
  line: async () =>
    (await bootError(bootApp({ providers: [reportWith(decorator)], schedule: { bids: { staggerMs: 100 } } })))
      .message,
});

const call = (
  written: string,
  decide: (registry: DistributedScheduleRegistry) => Promise<unknown>,
  schedule: object = {},
): Mistake => ({
  written,
  line: async () => {
    const { app } = await bootApp({
      providers: [reportWith(IntervalExclusive(60_000, { name: 'report' }))],
      schedule,
    });
    return (await bootError(decide(app.get(DistributedScheduleRegistry)))).message;
  },
});

@Module({ imports: [DistributedScheduleModule] })
class FeatureModule {}

export const MISTAKES: readonly Mistake[] = [
  ...REDIS_MISTAKES,
  options('redis: process.env.REDIS_URL, which is not set', { redis: undefined }),
  { written: 'no redis under NODE_ENV=production', line: () => inProduction({}) },
  options("memory: true, redis: 'redis://h'", {
    ...{ memory: true, redis: 'redis://h' },
    ...{ namespace: 'shop', app: 'shop' },
  }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what was written.
  options('namespace: `shop-${ENVIRONMENT}`, which is empty', { redis: 'redis://h', namespace: 'shop-' }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what was written.
  options('namespace: `shop-${process.env.ENVIRONMENT}`, which is not set', {
    ...{ redis: 'redis://h', namespace: 'shop-undefined' },
  }),
  options('lease: { ttl: 3000 }', { lease: { ttl: 3_000 } }),
  options('ttl: 3000', { ttl: 3_000 }),
  options("url: 'redis://h'", { url: 'redis://h' }),
  options("keyPrefix: 'shop:'", { keyPrefix: 'shop:' }),
  {
    written: 'imports: [DistributedScheduleModule]',
    line: async () => (await bootError(bootWith({ imports: [DistributedScheduleModule] }))).message,
  },
  {
    written: 'the same in a module beside the one with forRoot',
    line: async () => (await bootError(bootApp({ imports: [FeatureModule] }))).message,
  },
  {
    written: '.overrideModule(DistributedScheduleModule).useModule(EmptyModule)',
    line: async () => (await bootError(emptied().compile())).message,
  },
  {
    written: 'NEST_DISTRIBUTED_SCHEDULE=test',
    line: () => under('test', async () => (await bootError(bootApp({}))).message),
  },
  {
    written: 'two classes called Report',
    line: async () => {
      const providers = [reportWith(EverySecondExclusive()), reportWith(EverySecondExclusive())];
      return (await bootError(bootApp({ providers }))).message;
    },
  },
  task('@IntervalExclusive(50)', IntervalExclusive(50)),
  task("@CronExclusive('')", CronExclusive('')),
  task("@CronExclusive('@reboot')", CronExclusive('@reboot')),
  task("@CronExclusive('@midnight')", CronExclusive('@midnight')),
  task("@CronExclusive('@every 5m')", CronExclusive('@every 5m')),
  task("@CronExclusive('0 0 ? * MON')", CronExclusive('0 0 ? * MON')),
  task("@CronExclusive('0 3 * * *', { timeZone: '' })", CronExclusive('0 3 * * *', { timeZone: '' })),
  call("registry.pause('reprot')", (registry) => registry.pause('reprot')),
  call("registry.trigger('report', { payload: new Map() })", (registry) =>
    registry.trigger('report', { payload: new Map() }),
  ),
  call("registry.trigger('report') with enabled: false", (registry) => registry.trigger('report'), {
    enabled: false,
  }),
  ...TOOL_MISTAKES,
];
