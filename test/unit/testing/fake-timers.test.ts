import { Test } from '@nestjs/testing';
import { DistributedScheduleModule } from 'nestjs-distributed-schedule';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogCapture } from '../nest/nest-app.js';
import { appModule, Shop } from './shop.js';

beforeEach(() => void vi.stubEnv('NEST_DISTRIBUTED_SCHEDULE', 'memory'));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Closed by the test itself, while its timers are as the test has set them. */
async function bootUnderFakes(testing: 'system clock' | 'test kit') {
  const builder = Test.createTestingModule({ imports: [appModule({})] }).setLogger(new LogCapture());
  if (testing === 'test kit') {
    builder.overrideModule(DistributedScheduleModule).useModule(DistributedScheduleTestingModule);
  }
  const app = (await builder.compile()).createNestApplication();
  await app.init();
  return { app, shop: app.get(Shop) };
}

describe('fake timers of vitest, all of them', () => {
  it('move the schedule of an app that is on its system clock', async () => {
    vi.useFakeTimers({ now: new Date('2030-01-01T02:59:57Z') });
    const { app, shop } = await bootUnderFakes('system clock');
    // A start comes up to 1 ms late: timers count in whole ones.
    await vi.advanceTimersByTimeAsync(5_010);
    expect(shop.settled.map(({ tick }) => new Date(tick).toISOString().slice(11, 19))).toEqual([
      '02:59:58',
      '02:59:59',
      '03:00:00',
      '03:00:01',
      '03:00:02',
    ]);
    expect(shop.reports).toBe(1);
    vi.useRealTimers();
    await app.close();
  });

  it('do not reach the clock of the test kit, and do not stop it', async () => {
    vi.useFakeTimers();
    const { app, shop } = await bootUnderFakes('test kit');
    const schedule = app.get(ScheduleHarness);
    await schedule.advance(2_000);
    await schedule.tick('settle');
    await app.close();
    expect(shop.settled).toHaveLength(3);
  });
});
