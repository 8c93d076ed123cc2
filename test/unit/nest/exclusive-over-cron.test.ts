import { Injectable } from '@nestjs/common';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { DistributedScheduleRegistry, Exclusive } from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { nestScheduleOf } from '#src/nest/decorators/nest-schedule.metadata.js';
import { bootApp, bootError } from './nest-app.js';

const NAMED = { name: 'nightly', timeZone: 'Europe/Vienna' };

@Injectable()
class Above {
  @Exclusive()
  @Cron('0 3 * * *', NAMED)
  run(): void {}
}

@Injectable()
class Below {
  @Cron('0 3 * * *', NAMED)
  @Exclusive()
  run(): void {}
}

const inFactory = (type: typeof Above) => ({ provide: 'MADE', useFactory: async () => new type() });

describe('the metadata of @nestjs/schedule', () => {
  it('is read from the real decorators', () => {
    class Plain {
      @Cron(CronExpression.EVERY_HOUR, { name: 'hourly', utcOffset: 60 })
      hourly(): void {}

      @Interval('sweep', 5_000)
      sweep(): void {}

      @Timeout(100)
      once(): void {}

      nothing(): void {}
    }
    const { hourly, sweep, once, nothing } = Plain.prototype;
    expect(nestScheduleOf(hourly)).toEqual({
      kind: 'cron',
      cronTime: '0 0-23/1 * * *',
      name: 'hourly',
      utcOffset: 60,
    });
    expect(nestScheduleOf(sweep)).toEqual({ kind: 'interval', periodMs: 5_000, name: 'sweep' });
    expect(nestScheduleOf(once)).toEqual({ kind: 'timeout', delayMs: 100 });
    expect(nestScheduleOf(nothing)).toBeUndefined();
  });
});

describe.each([
  ['above', Above, [Above]],
  ['below', Below, [Below]],
  ['above, in a class that only a factory knows,', Above, [inFactory(Above)]],
  ['below, in a class that only a factory knows,', Below, [inFactory(Below)]],
])('@Exclusive %s @Cron', (_order, _type, providers) => {
  it('takes name, expression and time zone over, and no plain job is registered', async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers });
    expect(app.get(DistributedScheduleRegistry).get('nightly').schedule).toBe('0 3 * * * (Europe/Vienna)');
    const jobs = app.get(SchedulerRegistry).getCronJobs();
    expect([...jobs.keys()]).toEqual(['nightly']);
    expect(() => jobs.get('nightly')?.start()).toThrowError(
      expect.objectContaining({ code: 'DSCHED_MIRRORED_JOB' }),
    );
  });
});

describe('@Exclusive', () => {
  it('takes the name in its own options before that of @Cron', async () => {
    @Injectable()
    class Legacy {
      @Exclusive({ name: 'legacy' })
      @Cron('0 3 * * *', NAMED)
      run(): void {}
    }
    const { app } = await bootApp({ providers: [Legacy] });
    expect(app.get(DistributedScheduleRegistry).has('legacy')).toBe(true);
    expect(app.get(DistributedScheduleRegistry).has('nightly')).toBe(false);
  });

  it('takes an interval over, in either order', async () => {
    @Injectable()
    class Sweeper {
      @Exclusive()
      @Interval(50)
      above(): void {}

      @Interval('below', 50)
      @Exclusive()
      below(): void {}
    }
    const { app, events } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Sweeper] });
    const reports = await Promise.all([events.nextRun('Sweeper.above'), events.nextRun('below')]);
    expect(reports.map((report) => report.tick % 50)).toEqual([0, 0]);
    expect(app.get(SchedulerRegistry).getIntervals().sort()).toEqual(['Sweeper.above', 'below']);
  });

  it('leaves a disabled job disabled', async () => {
    @Injectable()
    class Sleeper {
      @Exclusive()
      @Cron('* * * * * *', { disabled: true })
      run(): void {}
    }
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Sleeper] });
    expect(app.get(DistributedScheduleRegistry).list()).toMatchObject([{ state: 'disabled' }]);
    expect(app.get(DistributedScheduleRegistry).status().tasks).toEqual([]);
    expect(app.get(SchedulerRegistry).getCronJobs().size).toBe(0);
  });

  it('without a schedule stops the boot', async () => {
    @Injectable()
    class Bare {
      @Exclusive()
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Bare] }));
    expect(error.message).toMatch(
      /^DSCHED_NO_SCHEDULE: Bare\.run is marked @Exclusive\(\) but has no schedule\. Add @Cron, @Interval or @Timeout .*@TimeoutExclusive/,
    );
  });

  it.each(['above', 'below'])(
    '%s @Timeout runs it once per deployment, in place of the plain one',
    async (order) => {
      @Injectable()
      class AboveTimeout {
        @Exclusive()
        @Timeout('warm up', 60_000)
        run(): void {}
      }
      @Injectable()
      class BelowTimeout {
        @Timeout('warm up', 60_000)
        @Exclusive()
        run(): void {}
      }
      const providers = [order === 'above' ? AboveTimeout : BelowTimeout];
      const imports = [ScheduleModule.forRoot()];
      const { app } = await bootApp({ imports, providers, schedule: { deploymentKey: 'build 7' } });
      const { schedule, nextTick } = app.get(DistributedScheduleRegistry).get('warm up');
      expect(schedule).toBe('once, 60000 ms after the boot of build 7');
      expect(Math.abs((nextTick ?? 0) - Date.now() - 60_000)).toBeLessThan(5_000);
      expect(app.get(SchedulerRegistry).getTimeouts()).toEqual(['warm up']);
      const error = await bootError(
        bootApp({ imports, providers: [order === 'above' ? AboveTimeout : BelowTimeout] }),
      );
      expect(error.message).toContain(
        "DSCHED_NO_DEPLOYMENT_KEY: task 'warm up': a timeout runs once per deployment",
      );
    },
  );

  it('stops the boot when a plain schedule comes after it has looked, instead of letting both run', async () => {
    @Injectable()
    class Patched {
      @Exclusive()
      @Cron('0 3 * * *')
      run(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Patched.prototype, 'run');
    Cron('0 4 * * *')(Patched.prototype, 'run', descriptor ?? {});
    const error = await bootError(bootApp({ imports: [ScheduleModule.forRoot()], providers: [Patched] }));
    expect(error.message).toContain('DSCHED_DUPLICATE_TASK: Patched.run carries both @Exclusive and @Cron');
    expect(error.message).toContain('Put @Exclusive() above @Cron.');
  });
});
