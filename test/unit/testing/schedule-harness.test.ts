import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  DistributedScheduleRegistry,
  IntervalExclusive,
  type TickContext,
  TimeoutExclusive,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleTestingModule,
  ManualClock,
  ScheduleHarness,
  type ScheduleTestingOptions,
} from 'nestjs-distributed-schedule/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogCapture } from '../nest/nest-app.js';
import { appModule, Shop } from './shop.js';

async function boot({
  options = {},
  providers = [],
  ...given
}: {
  options?: DistributedScheduleOptions;
  providers?: (new () => object)[];
} & ScheduleTestingOptions = {}) {
  const testing = await Test.createTestingModule({ imports: [appModule(options)], providers })
    .overrideModule(DistributedScheduleModule)
    .useModule(DistributedScheduleTestingModule.with(given))
    .setLogger(new LogCapture())
    .compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.init();
  return { app, schedule: app.get(ScheduleHarness), shop: app.get(Shop) };
}

describe('ScheduleHarness.tick', () => {
  it('runs one tick of one task now, and answers how it ended', async () => {
    const { schedule, shop } = await boot();
    const report = await schedule.tick('settle', { payload: { dryRun: true } });
    expect(report).toMatchObject({ task: 'settle', outcome: 'success', attempt: 1 });
    expect(shop.settled.map(({ payload, tick }) => [payload, tick])).toEqual([
      [{ dryRun: true }, report.tick],
    ]);
    expect(shop.reports).toBe(0);
    expect(schedule.runs('settle')).toEqual([report]);
  });

  it('thirty times in a row is thirty runs, with tokens that grow, and none by the schedule', async () => {
    const { schedule, shop } = await boot();
    for (let run = 0; run < 30; run += 1) await schedule.tick('settle');
    expect(shop.settled).toHaveLength(30);
    const tokens = shop.settled.map(({ fencingToken }) => fencingToken);
    expect(tokens).toEqual([...new Set(tokens)].sort());
    expect(schedule.now()).toBeLessThan(Date.UTC(2030, 0, 1, 0, 0, 1));
  });

  it('answers what the handler has thrown', async () => {
    const { schedule, shop } = await boot();
    const error = new Error('no stock');
    shop.settle = () => Promise.reject(error);
    expect(await schedule.tick('settle')).toMatchObject({ outcome: 'failed', error });
  });

  it('goes by the policies of the task: it is repeated, and timed out', async () => {
    const { schedule, shop } = await boot({ options: { tasks: { retry: 3 } } });
    let calls = 0;
    shop.settle = () => {
      calls += 1;
      if (calls < 3) throw new Error('not yet');
    };
    expect(await schedule.tick('settle')).toMatchObject({ outcome: 'success', attempt: 3 });

    const timed = await boot({ options: { tasks: { timeoutMs: 60_000 } }, patienceMs: 20 });
    timed.shop.settle = ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', reject));
    const report = await timed.schedule.tick('settle');
    expect(report).toMatchObject({ outcome: 'timed_out' });
    expect(Math.round(report.durationMs ?? 0)).toBe(60_000);
  });

  it('refuses a task that is not there, or runs once, as the registry does', async () => {
    @Injectable()
    class Once {
      @TimeoutExclusive(500, { name: 'once', deploymentKey: 'one' })
      once(): void {}
    }
    const { schedule } = await boot({ providers: [Once] });
    await expect(schedule.tick('setle')).rejects.toThrow('DSCHED_UNKNOWN_TASK: there is no task "setle"');
    await expect(schedule.tick('setle')).rejects.toThrow("Did you mean 'settle'?");
    await expect(schedule.tick('once')).rejects.toThrow('DSCHED_RUNS_ONCE');
    await schedule.advance(1_000);
    expect(schedule.runs('once')).toHaveLength(1);
  });

  it('finds room beside the ticks of a task that is due often', async () => {
    @Injectable()
    class Sweeper {
      @IntervalExclusive(750, { name: 'sweep' })
      sweep(): void {}
    }
    const { schedule } = await boot({ providers: [Sweeper] });
    await schedule.advance(740);
    expect(await schedule.tick('sweep')).toMatchObject({ outcome: 'success' });
    expect(schedule.runs('sweep')).toHaveLength(2);
  });

  it('is not possible before the app is initialised', async () => {
    const testing = await Test.createTestingModule({
      imports: [appModule({}), DistributedScheduleTestingModule],
    })
      .setLogger(new LogCapture())
      .compile();
    onTestFinished(() => testing.close());
    await expect(testing.get(ScheduleHarness).tick('settle')).rejects.toThrow(
      'DSCHED_NOT_KEPT: the app is not initialised yet',
    );
  });
});

describe('ScheduleHarness.advance', () => {
  it('lets time pass, in which every task runs when it is due, and none twice', async () => {
    const { schedule, shop } = await boot();
    await schedule.advance(600_000);
    expect(schedule.runs('settle')).toHaveLength(600);
    expect(schedule.reports()).toHaveLength(600);
    expect(shop.settled[0]?.tick).toBe(Date.UTC(2030, 0, 1, 0, 0, 1));
    expect(shop.settled.at(-1)?.tick).toBe(Date.UTC(2030, 0, 1, 0, 10));
  });

  it('goes to an instant, and answers what has ended on the way', async () => {
    const { schedule, shop, app } = await boot({ startAt: new Date('2030-01-01T02:59:00Z') });
    await app.get(DistributedScheduleRegistry).pause('settle');
    const ended = await schedule.advanceTo(new Date('2030-01-01T03:00:00Z'));
    expect(ended).toMatchObject([{ task: 'report', outcome: 'success' }]);
    expect(shop.reports).toBe(1);
    expect(schedule.now()).toBe(Date.UTC(2030, 0, 1, 3));
  });

  it('waits for a handler that waits for something real, before time goes on', async () => {
    const { schedule, shop } = await boot();
    const seen: string[] = [];
    shop.settle = async ({ tick }: TickContext) => {
      seen.push(`starts ${tick % 60_000}`);
      await sleep(30);
      seen.push(`ends ${tick % 60_000}`);
    };
    const ended = await schedule.advance(2_000);
    expect(seen).toEqual(['starts 1000', 'ends 1000', 'starts 2000', 'ends 2000']);
    expect(ended.map(({ outcome, durationMs }) => [outcome, durationMs])).toEqual([
      ['success', 0],
      ['success', 0],
    ]);
  });

  it('goes on without one that takes longer than it is waited for, as in production', async () => {
    const { schedule, shop } = await boot({ patienceMs: 20 });
    let end = (): void => {};
    shop.settle = () => new Promise<void>((resolve) => (end = resolve));
    await schedule.advance(3_500);
    expect(schedule.reports('settle').map(({ outcome }) => outcome)).toEqual(['overlap', 'overlap']);
    end();
    await schedule.advance(100);
    expect(schedule.runs('settle')).toMatchObject([{ outcome: 'success' }]);
  });

  it('is the same by the clock itself, and has the same history each time', async () => {
    const history = async (): Promise<unknown> => {
      const { app, schedule, shop } = await boot({ options: { tasks: { retry: { attempts: 3 } } } });
      let calls = 0;
      shop.settle = () => {
        calls += 1;
        if (calls % 3 === 0) throw new Error('every third');
      };
      await app.get(ManualClock).advance(20_000);
      return schedule
        .reports()
        .map(({ tick, outcome, attempt, instanceId }) => [tick, outcome, attempt, instanceId]);
    };
    expect(await history()).toEqual(await history());
  });

  it('forgets what ran when it is told to', async () => {
    const { schedule } = await boot();
    await schedule.advance(2_000);
    schedule.forget();
    await schedule.advance(1_000);
    expect(schedule.runs('settle')).toHaveLength(1);
  });
});

describe('closing an app on a clock that stands still', () => {
  it('waits for a handler in real time, and ends', async () => {
    const { app, schedule, shop } = await boot({ patienceMs: 10 });
    let ended = false;
    shop.settle = async () => {
      await sleep(60);
      ended = true;
    };
    await schedule.advance(1_000);
    await app.close();
    expect(ended).toBe(true);
  });

  it('aborts one that does not end within shutdownTimeoutMs', async () => {
    const { app, schedule, shop } = await boot({ options: { shutdownTimeoutMs: 100 }, patienceMs: 10 });
    let reason: unknown;
    shop.settle = ({ signal }) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve();
        }),
      );
    await schedule.advance(1_000);
    await app.close();
    expect(reason).toMatchObject({ message: 'the application is shutting down' });
  });
});
