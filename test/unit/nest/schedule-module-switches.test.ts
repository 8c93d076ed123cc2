import { type DynamicModule, Injectable } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import {
  CronExclusive,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  ExclusiveHandler,
  IntervalExclusive,
  TimeoutExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp } from './nest-app.js';

@Injectable()
class Shop {
  @CronExclusive('0 3 * * *', { name: 'report' })
  report(): void {}

  @EverySecondExclusive({ name: 'settle' })
  settle(): void {}

  @IntervalExclusive(60_000, { name: 'sweep' })
  sweep(): void {}

  @TimeoutExclusive(60_000, { name: 'warm up' })
  warmUp(): void {}

  @ExclusiveHandler({ name: 'send' })
  send(): void {}
}

const NAMES = ['report', 'settle', 'sweep', 'warm up'];

async function boot(...imports: DynamicModule[]) {
  const { app, logs } = await bootApp({ imports, providers: [Shop], schedule: { deploymentKey: 'one' } });
  const registry = app.get(DistributedScheduleRegistry);
  const off = registry
    .list()
    .filter(({ state }) => state === 'disabled')
    .map(({ name }) => name);
  const lines = [...logs.ours('log'), ...logs.ours('warn')].filter((line) => line.includes('ScheduleModule'));
  return { registry, off, lines };
}

class Options {
  createScheduleOptions() {
    return { cronJobs: false };
  }
}

describe('ScheduleModule of @nestjs/schedule', () => {
  it.each([
    ['cronJobs', { cronJobs: false }, ['report', 'settle']],
    ['intervals', { intervals: false }, ['sweep']],
    ['timeouts', { timeouts: false }, ['warm up']],
  ])(
    'with %s: false switches exclusive tasks of that kind off, and the log says so',
    async (option, given, expected) => {
      const { registry, off, lines } = await boot(ScheduleModule.forRoot(given));
      expect(off).toEqual(expected);
      expect(registry.status().tasks.map(({ name }) => name)).toEqual(
        NAMES.filter((name) => !(expected as string[]).includes(name)),
      );
      expect(lines).toEqual([
        `ScheduleModule is imported with ${option}: false, so this instance leaves exclusive tasks of that kind to others: ` +
          `${expected.map((name) => `'${name}'`).join(', ')}.`,
      ]);
    },
  );

  it.each([
    ['useFactory', { useFactory: async () => ({ cronJobs: false }) }],
    ['useClass', { useClass: Options }],
  ])('counts with options from %s too', async (_way, given) => {
    expect((await boot(ScheduleModule.forRootAsync(given))).off).toEqual(['report', 'settle']);
  });

  it.each([
    ['is not there', []],
    ['has no options', [ScheduleModule.forRoot()]],
    [
      'is imported twice and one of them starts all jobs',
      [ScheduleModule.forRoot({ cronJobs: false }), ScheduleModule.forRoot()],
    ],
  ])('switches nothing off where it %s', async (_where, imports) => {
    const { off, lines } = await boot(...imports);
    expect(off).toEqual([]);
    expect(lines.filter((line) => line.includes('leaves'))).toEqual([]);
  });

  it('leaves tasks that are added at run time alone, as it leaves jobs that are', async () => {
    const { registry } = await boot(ScheduleModule.forRoot({ cronJobs: false, intervals: false }));
    const added = await registry.add({ name: 'added', runs: 'send', cron: '0 4 * * *' });
    expect(added.state).toBe('active');
  });
});
