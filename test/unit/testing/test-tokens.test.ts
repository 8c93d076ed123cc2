import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  IdempotentExecutionModule,
  IdempotentExecutor,
  memorySnapshots,
  redisSnapshots,
} from 'nestjs-distributed-schedule';
import {
  DISTRIBUTED_SCHEDULE_OPTIONS,
  DistributedScheduleTestingModule,
  IDEMPOTENT_EXECUTION_OPTIONS,
  LOCK_PROVIDER,
  ManualClock,
  SCHEDULE_CLOCK,
  SCHEDULE_RANDOM,
  ScheduleHarness,
  SeededRandom,
  TICK_LEDGER,
  tickEnded,
} from 'nestjs-distributed-schedule/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GENEROUS_STORE } from '../nest/generous-store.js';
import { bootError, LogCapture } from '../nest/nest-app.js';
import { appModule, forbiddenCluster, Shop } from './shop.js';

let cluster: Awaited<ReturnType<typeof forbiddenCluster>>;
beforeEach(async () => {
  cluster = await forbiddenCluster();
});
afterEach(() => cluster.close());

async function boot(builder: TestingModuleBuilder) {
  const app = (await builder.setLogger(new LogCapture()).compile()).createNestApplication();
  onTestFinished(() => app.close());
  await app.init();
  return app;
}

const app = (): TestingModuleBuilder => Test.createTestingModule({ imports: [appModule(cluster.options)] });

describe('the tokens that a test may override', () => {
  it('DISTRIBUTED_SCHEDULE_OPTIONS: the options in the place of those of forRoot', async () => {
    const booted = await boot(
      app().overrideProvider(DISTRIBUTED_SCHEDULE_OPTIONS).useValue({ instanceId: 'mine' }),
    );
    const registry = booted.get(DistributedScheduleRegistry);
    expect(registry.status().instanceId).toBe('mine');
    expect(registry.store().strength).toBe('memory');
    expect(cluster.visits()).toBe(0);
  });

  it('LOCK_PROVIDER: a factory may ask for the clock of the schedule', async () => {
    let given: unknown;
    await boot(
      app()
        .overrideModule(DistributedScheduleModule)
        .useModule(DistributedScheduleTestingModule)
        .overrideProvider(LOCK_PROVIDER)
        .useFactory({
          factory: (clock: unknown) => {
            given = clock;
            return GENEROUS_STORE.lockProvider;
          },
          inject: [SCHEDULE_CLOCK],
        }),
    );
    expect(given).toHaveProperty('monotonicMs');
  });

  it('LOCK_PROVIDER and TICK_LEDGER: under the test kit too, where those of the options are not looked at', async () => {
    const tryAcquire = vi.fn(GENEROUS_STORE.lockProvider.tryAcquire);
    const claim = vi.fn(GENEROUS_STORE.tickLedger.claim);
    const booted = await boot(
      app()
        .overrideModule(DistributedScheduleModule)
        .useModule(DistributedScheduleTestingModule)
        .overrideProvider(LOCK_PROVIDER)
        .useValue({ ...GENEROUS_STORE.lockProvider, tryAcquire })
        .overrideProvider(TICK_LEDGER)
        .useValue({ ...GENEROUS_STORE.tickLedger, claim }),
    );
    await booted.get(ScheduleHarness).advance(1_000);
    expect(tryAcquire).toHaveBeenCalled();
    expect(claim).toHaveBeenCalled();
    expect(booted.get(Shop).settled).toHaveLength(1);
  });

  it('and what stands there is checked as an option is', async () => {
    const half = app()
      .overrideProvider(LOCK_PROVIDER)
      .useValue({ extend: () => [] });
    expect((await bootError(boot(half))).message).toContain('missing: tryAcquire, release');
  });

  it('SCHEDULE_CLOCK and SCHEDULE_RANDOM: the clock moves the schedule', async () => {
    const clock = new ManualClock();
    const booted = await boot(
      app()
        .overrideProvider(DISTRIBUTED_SCHEDULE_OPTIONS)
        .useValue({})
        .overrideProvider(SCHEDULE_CLOCK)
        .useValue(clock)
        .overrideProvider(SCHEDULE_RANDOM)
        .useValue(new SeededRandom(7)),
    );
    onTestFinished(() => clock.goOn());
    await clock.advance(2_000);
    expect(booted.get(Shop).settled).toHaveLength(2);
    const random = new SeededRandom(7).id().slice(0, 12);
    expect(booted.get(DistributedScheduleRegistry).status().instanceId).toMatch(new RegExp(`-${random}$`));
    clock.goOn();
  });

  it('IDEMPOTENT_EXECUTION_OPTIONS: a store in memory for runOnce', async () => {
    @Module({
      imports: [
        IdempotentExecutionModule.forRoot({ store: redisSnapshots({ redis: 'redis://127.0.0.1:1' }) }),
      ],
    })
    class Payments {}
    const booted = await boot(
      Test.createTestingModule({
        imports: [appModule(cluster.options), Payments, DistributedScheduleTestingModule],
      })
        .overrideProvider(IDEMPOTENT_EXECUTION_OPTIONS)
        .useValue({ store: memorySnapshots() }),
    );
    const once = booted.get(IdempotentExecutor);
    expect(await once.runOnce('order 7', () => 'paid')).toMatchObject({ kind: 'ran' });
    expect(await once.runOnce('order 7', () => 'paid again')).toMatchObject({
      kind: 'replayed',
      output: 'paid',
    });
  });
});

describe('an app that takes its options from a factory', () => {
  it('is kept from its nodes as well', async () => {
    @Module({
      imports: [DistributedScheduleModule.forRootAsync({ useFactory: async () => cluster.options })],
      providers: [Shop],
    })
    class AppModule {}
    const booted = await boot(
      Test.createTestingModule({ imports: [AppModule] })
        .overrideModule(DistributedScheduleModule)
        .useModule(DistributedScheduleTestingModule),
    );
    expect(await booted.get(ScheduleHarness).tick('settle')).toMatchObject({ outcome: 'success' });
    expect(cluster.visits()).toBe(0);
  });
});

describe('tickEnded', () => {
  it('waits for the next run of one task, or for the very tick that was triggered', async () => {
    @Injectable()
    class Other {
      @EverySecondExclusive({ name: 'other' })
      other(): void {}
    }
    const builder = Test.createTestingModule({ imports: [appModule({})], providers: [Other] });
    const registry = (await boot(builder)).get(DistributedScheduleRegistry);
    expect(await tickEnded(registry, { task: 'settle' })).toMatchObject({
      task: 'settle',
      outcome: 'success',
    });
    const triggered = await registry.trigger('other');
    expect(await tickEnded(registry, triggered)).toMatchObject({ ...triggered, outcome: 'success' });
  });
});
