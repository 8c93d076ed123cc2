/** Schedules that the configuration of the app decides. */

import { Injectable, Module, Scope } from '@nestjs/common';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  CronExclusive,
  DistributedScheduleRegistry,
  IntervalExclusive,
  type ScheduleFactory,
  TimeoutExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError } from './nest-app.js';

@Injectable()
class Config {
  readonly values = new Map<string, unknown>([
    ['REPORT_CRON', '0 3 * * *'],
    ['SWEEP_MS', 5_000],
  ]);

  get(name: string): never {
    return this.values.get(name) as never;
  }
}

@Module({ providers: [Config, { provide: 'SUFFIX', useValue: ' 1' }] })
class ConfigModule {}

const fromConfig = (name: string) => ({
  inject: [Config],
  useFactory: (config: Config) => config.get(name),
});

async function refusalOf(cronTime: unknown): Promise<string> {
  @Injectable()
  class Report {
    @CronExclusive(cronTime as ScheduleFactory<string>, { name: 'report' })
    run(): void {}
  }
  return (await bootError(bootApp({ imports: [ConfigModule], providers: [Report] }))).message;
}

describe('a schedule from the configuration', () => {
  it('is asked for at boot, with providers of any module', async () => {
    @Injectable()
    class Jobs {
      @CronExclusive(fromConfig('REPORT_CRON'), { name: 'report', timeZone: 'Europe/Vienna' })
      report(): void {}

      @CronExclusive({
        inject: [Config, 'SUFFIX'],
        useFactory: (_: Config, suffix: string) => `0 4 1 *${suffix}`,
      })
      monthly(): void {}

      @IntervalExclusive(fromConfig('SWEEP_MS'), { name: 'sweep' })
      sweep(): void {}

      @IntervalExclusive('named', { useFactory: () => 2_000 })
      named(): void {}

      @TimeoutExclusive({ useFactory: () => 60_000 }, { name: 'warm up', deploymentKey: 'build 7' })
      warmUp(): void {}
    }
    const imports = [ScheduleModule.forRoot(), ConfigModule];
    const { app } = await bootApp({ imports, providers: [Jobs] });
    const schedules = app.get(DistributedScheduleRegistry).list();
    expect(new Map(schedules.map(({ name, schedule }) => [name, schedule]))).toEqual(
      new Map([
        ['report', '0 3 * * * (Europe/Vienna)'],
        ['Jobs.monthly', expect.stringContaining('0 4 1 * 1 (')],
        ['sweep', 'every 5 s'],
        ['named', 'every 2 s'],
        ['warm up', 'once, 60000 ms after the boot of build 7'],
      ]),
    );
    expect(app.get(SchedulerRegistry).getCronJob('report').cronTime.source).toBe('0 3 * * *');
  });

  it.each([null, false] as const)('that is %s switches the task off here', async (off) => {
    @Injectable()
    class Report {
      @CronExclusive({ useFactory: () => off }, { name: 'report' })
      run(): void {}
    }
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Report] });
    const nextTicks = app
      .get(DistributedScheduleRegistry)
      .list()
      .map(({ nextTick }) => nextTick);
    expect(nextTicks.filter((tick) => tick !== undefined)).toEqual([]);
    expect(app.get(SchedulerRegistry).getCronJobs().size).toBe(0);
  });

  it('is not asked for where the task is disabled', async () => {
    @Injectable()
    class Report {
      @CronExclusive({ useFactory: () => undefined }, { name: 'report', disabled: true })
      run(): void {}
    }
    await expect(bootApp({ providers: [Report] })).resolves.toBeDefined();
  });
});

const BAD = "DSCHED_BAD_SCHEDULE: task 'report': the schedule cannot be used:";

describe('a schedule from the configuration stops the boot', () => {
  it.each<[string, unknown, string]>([
    [
      'that is undefined',
      fromConfig('NOT_SET'),
      `${BAD} its factory has given undefined, most likely because a`,
    ],
    [
      'that is no expression',
      { useFactory: () => 'at noon' },
      "DSCHED_BAD_SCHEDULE: task 'report': the cron expression 'at noon'",
    ],
    [
      'whose factory throws',
      {
        useFactory: () => {
          throw new Error('no such key');
        },
      },
      `${BAD} its factory has thrown: no such key`,
    ],
    [
      'whose factory is asynchronous',
      { useFactory: async () => '* * * * *' },
      `${BAD} its factory is asynchronous`,
    ],
    ['whose factory is none', { useFactory: '* * * * *' }, `${BAD} its useFactory is not a function`],
    [
      'that injects what is not there',
      { inject: ['NOWHERE'], useFactory: () => '* * * * *' },
      `${BAD} its factory injects NOWHERE, which no module provides as a singleton`,
    ],
  ])('%s', async (_case, cronTime, message) => {
    expect(await refusalOf(cronTime)).toContain(message);
  });

  it('whose factory has an option that does not exist, though it takes no argument', async () => {
    expect(await refusalOf({ injects: [Config], useFactory: () => '* * * * *' })).toBe(
      "DSCHED_UNKNOWN_OPTION: task 'report': the factory of a schedule has no option 'injects'. Did you mean 'inject'?",
    );
  });

  it.each([null, Config])('whose factory injects %o in place of a list', async (inject) => {
    expect(await refusalOf({ inject, useFactory: () => '* * * * *' })).toContain(
      `${BAD} its inject is not a list`,
    );
  });

  it('that injects something request-scoped', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}
    @Injectable()
    class Report {
      @CronExclusive({ inject: [Tenant], useFactory: () => '* * * * *' }, { name: 'report' })
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Tenant, Report] }));
    expect(error.message).toContain(
      `${BAD} its factory injects Tenant, which no module provides as a singleton`,
    );
  });

  it('gives undefined for what is optional and not there', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Report {
      @CronExclusive(
        {
          inject: [{ token: 'NOWHERE', optional: true }, Config],
          useFactory: (...injected: unknown[]) => {
            seen.push(...injected);
            return '* * * * *';
          },
        },
        { name: 'report' },
      )
      run(): void {}
    }
    await bootApp({ imports: [ConfigModule], providers: [Report] });
    expect(seen).toEqual([undefined, expect.any(Config)]);
  });
});

describe('the options of @Cron', () => {
  it('are taken as they are', async () => {
    @Injectable()
    class Jobs {
      @CronExclusive(new Date('2030-01-01T00:00:00Z'), { name: 'once' })
      once(): void {}

      @CronExclusive('* * * * *', {
        name: 'waits',
        waitForCompletion: true,
        threshold: 250,
        unrefTimeout: true,
      })
      waits(): void {}
    }
    const { app, logs } = await bootApp({ providers: [Jobs] });
    expect(app.get(DistributedScheduleRegistry).get('once').schedule).toBe(
      'once at 2030-01-01T00:00:00.000Z',
    );
    expect(logs.ours('warn')).toContain(
      "Task 'waits' has the options threshold and unrefTimeout of @Cron, which speak of a local timer and have no effect.",
    );
  });

  it.each(['yes', null])('are checked: waitForCompletion %s', async (waitForCompletion) => {
    @Injectable()
    class Jobs {
      @CronExclusive('* * * * *', { name: 'waits', waitForCompletion: waitForCompletion as never })
      waits(): void {}
    }
    expect((await bootError(bootApp({ providers: [Jobs] }))).message).toContain(
      "DSCHED_BAD_OPTION: task 'waits': option waitForCompletion is",
    );
  });
});
