import { Module } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { DistributedScheduleModule, DistributedScheduleRegistry } from 'nestjs-distributed-schedule';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { bootError, LogCapture } from '../nest/nest-app.js';
import { appModule, forbiddenCluster, Shop } from './shop.js';

let cluster: Awaited<ReturnType<typeof forbiddenCluster>>;
beforeEach(async () => {
  cluster = await forbiddenCluster();
});
afterEach(() => cluster.close());

async function boot(builder: TestingModuleBuilder) {
  const logs = new LogCapture();
  const testing = await builder.setLogger(logs).compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.init();
  return { app, logs, schedule: app.get(ScheduleHarness), shop: app.get(Shop) };
}

const overridden = () =>
  Test.createTestingModule({ imports: [appModule(cluster.options)] })
    .overrideModule(DistributedScheduleModule)
    .useModule(DistributedScheduleTestingModule);

describe('DistributedScheduleTestingModule', () => {
  it('in the place of DistributedScheduleModule keeps an app from the nodes of its forRoot', async () => {
    const { app, schedule, shop, logs } = await boot(overridden());
    expect(app.get(DistributedScheduleRegistry).store().strength).toBe('memory');
    await schedule.advance(3_000);
    expect(shop.settled.map(({ tick }) => tick)).toEqual(
      [1, 2, 3].map((second) => Date.UTC(2030, 0, 1, 0, 0, second)),
    );
    await app.close();
    expect(cluster.visits()).toBe(0);
    expect(logs.ours('warn')).toEqual([]);
    expect(logs.ours('log').join('\n')).toContain('keeps away from the nodes of its options');
  });

  it('does the same when it is imported beside the module of the app', async () => {
    const imports = [appModule(cluster.options), DistributedScheduleTestingModule];
    const { schedule, shop } = await boot(Test.createTestingModule({ imports }));
    await schedule.advance(1_000);
    expect(shop.settled).toHaveLength(1);
    expect(cluster.visits()).toBe(0);
  });

  it('runs nothing by itself, however long the test takes', async () => {
    const { app, shop } = await boot(overridden());
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await app.close();
    expect(shop.settled).toEqual([]);
  });

  it('does not look at what leads to a store, which is not set where tests run', async () => {
    const given = { redis: undefined, waitReplicas: 1, takeOver: 'x', enabled: false } as never;
    const imports = [appModule(given), DistributedScheduleTestingModule];
    const { schedule } = await boot(Test.createTestingModule({ imports }));
    expect(await schedule.tick('settle')).toMatchObject({ outcome: 'success' });
  });

  it('lets the factory of the options run, which may ask for a variable that is not set in tests', async () => {
    const booted = (redis: () => readonly string[] | undefined) => {
      const asked = DistributedScheduleModule.forRootAsync({
        useFactory: () => ({ redis: redis() as string[], namespace: 'shop-test', app: 'shop' }),
      });
      return boot(
        Test.createTestingModule({ imports: [asked], providers: [Shop] })
          .overrideModule(DistributedScheduleModule)
          .useModule(DistributedScheduleTestingModule),
      );
    };
    const error = await bootError(
      booted(() => {
        throw new TypeError('Configuration key "REDIS_URLS" does not exist');
      }),
    );
    expect(error.message).toBe('Configuration key "REDIS_URLS" does not exist');
    for (const redis of [undefined, ['redis://127.0.0.1:1']]) {
      const { schedule } = await booted(() => redis);
      expect(await schedule.tick('settle')).toMatchObject({ outcome: 'success' });
    }
  });

  it('runs a triggered tick when time has passed it', async () => {
    const { app, schedule, shop } = await boot(overridden());
    const { tick } = await app.get(DistributedScheduleRegistry).trigger('settle', { payload: 'by hand' });
    await schedule.advanceTo(tick + 10);
    expect(shop.settled.filter(({ payload }) => payload === 'by hand').map((run) => run.tick)).toEqual([
      tick,
    ]);
  });

  it('takes a start, and refuses an option that it has not', async () => {
    const startAt = new Date('2031-05-01T02:59:58Z');
    const { schedule, shop } = await boot(
      Test.createTestingModule({ imports: [appModule(cluster.options)] })
        .overrideModule(DistributedScheduleModule)
        .useModule(DistributedScheduleTestingModule.with({ startAt })),
    );
    expect(schedule.now()).toBe(startAt.getTime());
    await schedule.advance(2_000);
    expect(shop.reports).toBe(1);
    expect(() => DistributedScheduleTestingModule.with({ start: 5 } as never)).toThrow(
      "DSCHED_UNKNOWN_OPTION: DistributedScheduleTestingModule.with has no option 'start'. Did you mean 'startAt'?",
    );
  });

  it('is refused twice in one app, as each would have a clock of its own', async () => {
    const twice = Test.createTestingModule({
      imports: [DistributedScheduleTestingModule, appModule(cluster.options)],
    })
      .overrideModule(DistributedScheduleModule)
      .useModule(DistributedScheduleTestingModule);
    expect((await bootError(boot(twice))).message).toMatch(
      /^DSCHED_SECOND_FOR_ROOT: DistributedScheduleTestingModule is in this app 2 times/,
    );
  });

  it('without forRoot in the app says what is missing', async () => {
    const alone = Test.createTestingModule({ imports: [DistributedScheduleTestingModule] });
    expect((await bootError(boot(alone))).message).toMatch(/^DSCHED_NO_FOR_ROOT/);
  });
});

describe('another module in the place of DistributedScheduleModule', () => {
  @Module({})
  class Nothing {}

  it('is refused before anything is connected, with the one to write', async () => {
    const builder = Test.createTestingModule({ imports: [appModule(cluster.options)] })
      .overrideModule(DistributedScheduleModule)
      .useModule(Nothing);
    expect((await bootError(boot(builder))).message).toBe(
      'DSCHED_NO_FOR_ROOT: a test has put Nothing in the place of DistributedScheduleModule, which cannot keep the app from its ' +
        "nodes. Write .useModule(DistributedScheduleTestingModule), from 'nestjs-distributed-schedule/testing', or set " +
        'NEST_DISTRIBUTED_SCHEDULE=off and override nothing.',
    );
    expect(cluster.visits()).toBe(0);
  });
});

describe('a module that exports DistributedScheduleModule again', () => {
  it('boots as before', async () => {
    @Module({
      imports: [DistributedScheduleModule.forRoot(cluster.options)],
      exports: [DistributedScheduleModule],
    })
    class Shared {}
    @Module({ imports: [Shared], providers: [Shop] })
    class AppModule {}
    const { schedule } = await boot(
      Test.createTestingModule({ imports: [AppModule, DistributedScheduleTestingModule] }),
    );
    expect(await schedule.tick('settle')).toMatchObject({ outcome: 'success' });
  });
});
