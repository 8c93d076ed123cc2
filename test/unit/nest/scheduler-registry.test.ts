import { Injectable } from '@nestjs/common';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { CronExclusive, EverySecondExclusive, IntervalExclusive } from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp } from './nest-app.js';

@Injectable()
class Plain {
  @Cron('0 4 * * *', { name: 'plain' })
  plain(): void {}

  @Interval('plain interval', 60_000)
  sweep(): void {}
}

@Injectable()
class Shop {
  calls = 0;

  @EverySecondExclusive({ name: 'settle' })
  settle(): void {}

  @CronExclusive('0 3 * * *', { name: 'report', timeZone: 'Europe/Vienna' })
  report(): void {
    this.calls += 1;
  }

  @CronExclusive('0 3 * * *', { name: 'offset', utcOffset: 60 })
  offset(): void {}

  @IntervalExclusive(60_000, { name: 'sweep' })
  sweep(): void {}
}

describe('the SchedulerRegistry of @nestjs/schedule', () => {
  it('shows exclusive tasks beside the plain jobs of the app', async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Plain, Shop] });
    const registry = app.get(SchedulerRegistry);
    expect([...registry.getCronJobs().keys()].sort()).toEqual(['offset', 'plain', 'report', 'settle']);
    expect(registry.getIntervals().sort()).toEqual(['plain interval', 'sweep']);
    expect(registry.getInterval('sweep')).toMatchObject({ task: 'sweep', schedule: 'every 1 min' });
    expect(registry.getCronJob('plain').isActive).toBe(true);
    expect(registry.getCronJob('report').isActive).toBe(false);
    expect(registry.getCronJob('report').nextDate().setZone('Europe/Vienna').hour).toBe(3);
    expect(registry.getCronJob('offset').nextDate().toUTC().hour).toBe(2);
  });

  it('cannot run an exclusive task, even by hand', async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Shop] });
    await app.get(SchedulerRegistry).getCronJob('report').fireOnTick();
    expect(app.get(Shop).calls).toBe(0);
  });

  it('may lose a mirrored task without effect on it', async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Shop] });
    const registry = app.get(SchedulerRegistry);
    expect(() => registry.deleteCronJob('settle')).not.toThrow();
    expect(() => registry.deleteInterval('sweep')).not.toThrow();
  });

  it('keeps a plain job whose name an exclusive task also has, with a warning', async () => {
    @Injectable()
    class Clash {
      @CronExclusive('0 3 * * *', { name: 'plain' })
      run(): void {}
    }
    const { app, logs } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Plain, Clash] });
    expect(app.get(SchedulerRegistry).getCronJob('plain').isActive).toBe(true);
    expect(logs.ours('warn').join()).toContain("SchedulerRegistry has another cron 'plain' already");
  });

  it('need not exist', async () => {
    const { logs } = await bootApp({ providers: [Shop] });
    expect(logs.ours('warn')).toEqual([]);
  });
});

describe('a second ScheduleModule.forRoot()', () => {
  it('doubles every plain job, so it is warned of', async () => {
    const imports = [ScheduleModule.forRoot(), ScheduleModule.forRoot()];
    const { logs } = await bootApp({ imports, providers: [Shop] });
    expect(logs.ours('warn').join()).toContain(
      'ScheduleModule.forRoot() is imported 2 times, so every plain @Cron',
    );
  });

  it('does not exist in an app that imports it once', async () => {
    const { logs } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Shop] });
    expect(logs.ours('warn')).toEqual([]);
  });
});
