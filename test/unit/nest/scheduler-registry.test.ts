import { Injectable } from '@nestjs/common';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { CronTime } from 'cron';
import {
  CronExclusive,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  IntervalExclusive,
  TimeoutExclusive,
} from 'nestjs-distributed-schedule';
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

  @TimeoutExclusive(60_000, { name: 'warm up' })
  warmUp(): void {}
}

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('the SchedulerRegistry of @nestjs/schedule', () => {
  it('shows exclusive tasks beside the plain jobs of the app', async () => {
    const { app } = await bootApp({
      imports: [ScheduleModule.forRoot()],
      providers: [Plain, Shop],
      schedule: { deploymentKey: 'one' },
    });
    const registry = app.get(SchedulerRegistry);
    expect([...registry.getCronJobs().keys()].sort()).toEqual(['offset', 'plain', 'report', 'settle']);
    expect(registry.getIntervals().sort()).toEqual(['plain interval', 'sweep']);
    expect(registry.getInterval('sweep')).toMatchObject({ task: 'sweep', schedule: 'every 1 min' });
    expect(registry.getCronJob('plain').isActive).toBe(true);
    expect(registry.getCronJob('report').nextDate().setZone('Europe/Vienna').hour).toBe(3);
    expect(registry.getCronJob('offset').nextDate().toUTC().hour).toBe(2);
  });

  it('shows whether a task is active in the cluster', async () => {
    const { app } = await bootApp({
      imports: [ScheduleModule.forRoot()],
      providers: [Shop],
      schedule: { deploymentKey: 'one' },
    });
    const job = app.get(SchedulerRegistry).getCronJob('report');
    expect(job.isActive).toBe(true);
    await app.get(DistributedScheduleRegistry).pause('report');
    expect(job.isActive).toBe(false);
  });

  it.each<[string, string, (registry: SchedulerRegistry) => unknown]>([
    ['stop()', "pause('report')", (registry) => registry.getCronJob('report').stop()],
    ['start()', "resume('report')", (registry) => registry.getCronJob('report').start()],
    ['fireOnTick()', "trigger('report')", (registry) => registry.getCronJob('report').fireOnTick()],
    [
      'setTime()',
      "reschedule('report', { cron })",
      (registry) => registry.getCronJob('report').setTime(new CronTime('0 4 * * *')),
    ],
    [
      'addCallback()',
      'addObserver(observer)',
      (registry) => registry.getCronJob('report').addCallback(() => undefined),
    ],
    ['deleteCronJob()', "pause('settle')", (registry) => registry.deleteCronJob('settle')],
    ['deleteInterval()', "pause('sweep')", (registry) => registry.deleteInterval('sweep')],
    ['clearInterval()', "pause('sweep')", (registry) => clearInterval(registry.getInterval('sweep'))],
    ['refresh()', "trigger('sweep')", (registry) => registry.getInterval('sweep').refresh()],
    ['deleteTimeout()', "pause('warm up')", (registry) => registry.deleteTimeout('warm up')],
    ['clearTimeout()', "pause('warm up')", (registry) => clearTimeout(registry.getTimeout('warm up'))],
  ])('refuses %s, with the call that does it in the cluster', async (call, instead, act) => {
    const { app } = await bootApp({
      imports: [ScheduleModule.forRoot()],
      providers: [Shop],
      schedule: { deploymentKey: 'one' },
    });
    const registry = app.get(SchedulerRegistry);
    expect(() => act(registry)).toThrowError(
      expect.objectContaining({
        code: 'DSCHED_MIRRORED_JOB',
        message: expect.stringMatching(new RegExp(`${literal(call)}.*${literal(`registry.${instead}`)}`)),
      }),
    );
    expect([...registry.getCronJobs().keys()].sort()).toEqual(['offset', 'report', 'settle']);
    expect([registry.getIntervals(), registry.getTimeouts()]).toEqual([['sweep'], ['warm up']]);
    expect(app.get(Shop).calls).toBe(0);
  });

  it('is emptied at shutdown as ever, without an error', async () => {
    const { app, logs } = await bootApp({
      imports: [ScheduleModule.forRoot()],
      providers: [Plain, Shop],
      schedule: { deploymentKey: 'one' },
    });
    const registry = app.get(SchedulerRegistry);
    await app.close();
    expect(registry.getCronJobs().size).toBe(0);
    expect([...registry.getIntervals(), ...registry.getTimeouts()]).toEqual([]);
    expect(logs.lines.filter(({ level }) => level === 'error')).toEqual([]);
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
    const { logs } = await bootApp({ providers: [Shop], schedule: { deploymentKey: 'one' } });
    expect(logs.ours('warn')).toEqual([]);
  });
});

describe('a second ScheduleModule.forRoot()', () => {
  it('doubles every plain job, so it is warned of', async () => {
    const imports = [ScheduleModule.forRoot(), ScheduleModule.forRoot()];
    const { logs } = await bootApp({ imports, providers: [Shop], schedule: { deploymentKey: 'one' } });
    expect(logs.ours('warn').join()).toContain(
      'ScheduleModule.forRoot() is imported 2 times, so every plain @Cron',
    );
  });

  it('does not exist in an app that imports it once', async () => {
    const { logs } = await bootApp({
      imports: [ScheduleModule.forRoot()],
      providers: [Shop],
      schedule: { deploymentKey: 'one' },
    });
    expect(logs.ours('warn')).toEqual([]);
  });
});
