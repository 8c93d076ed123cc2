import { type DynamicModule, Global, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { TEST_STAGE } from '../nest/distributed-schedule.tokens.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import type { TestStage } from '../setup/store-switch.js';
import { allowed } from '../tasks/task-policy-options.js';
import { ManualClock } from './manual-clock.js';
import { RunsInFlight } from './runs-in-flight.js';
import { ScheduleHarness } from './schedule-harness.js';
import { SeededRandom } from './seeded-random.js';

/** Options of {@link DistributedScheduleTestingModule.with}. */
export interface ScheduleTestingOptions {
  /** What the clock of the schedule shows at the start. Default: 2030-01-01T00:00:00Z. */
  readonly startAt?: Date | number;
  /** Real time for which a handler may hold up the clock, for example while it waits for a database. Default 1000. */
  readonly patienceMs?: number;
  /** Of all that is random: ids, spread retries. Default 1. */
  readonly seed?: number;
}

const TESTING_OPTIONS = Symbol('nestjs-distributed-schedule:testing-options');
const DEFAULTS = { startAt: Date.UTC(2030, 0, 1), patienceMs: 1_000, seed: 1 } as const;

/** Before DistributedScheduleModule, which is the first to end: see there. */
const DISTANCE_BEYOND_SCHEDULE = -2;

/**
 * Keeps a whole app away from every real node, and puts its schedule into the hand of a test. The app's own module stays as it is,
 * with its `forRoot({ redis … })`:
 *
 * ```ts
 * const testing = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideModule(DistributedScheduleModule)
 *   .useModule(DistributedScheduleTestingModule)
 *   .compile();
 * const app = await testing.createNestApplication().init();
 * const schedule = app.get(ScheduleHarness);
 * ```
 *
 * To import it beside AppModule does the same. `redis`, `lockProvider`, `tickLedger`, `waitReplicas` and `takeOver` of the options
 * are not even looked at, and tasks are on whatever `enabled` says; the other options count.
 */
@Global()
@Module({
  providers: [
    { provide: TESTING_OPTIONS, useValue: {} },
    {
      provide: RunsInFlight,
      useFactory: ({ patienceMs = DEFAULTS.patienceMs }: ScheduleTestingOptions) =>
        new RunsInFlight(patienceMs),
      inject: [TESTING_OPTIONS],
    },
    {
      provide: ManualClock,
      useFactory: ({ startAt = DEFAULTS.startAt }: ScheduleTestingOptions, inFlight: RunsInFlight) =>
        new ManualClock(Number(startAt), () => inFlight.ended()),
      inject: [TESTING_OPTIONS, RunsInFlight],
    },
    {
      provide: TEST_STAGE,
      useFactory: ({ seed = DEFAULTS.seed }: ScheduleTestingOptions, clock: ManualClock): TestStage => ({
        clock,
        random: new SeededRandom(seed),
      }),
      inject: [TESTING_OPTIONS, ManualClock],
    },
    ScheduleHarness,
  ],
  exports: [TEST_STAGE, ManualClock, ScheduleHarness],
})
export class DistributedScheduleTestingModule implements OnModuleDestroy {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ManualClock) private readonly clock: ManualClock,
  ) {
    const own = [...modules.values()].filter(({ metatype }) => metatype === DistributedScheduleTestingModule);
    if (own.length > 1) {
      throw new DistributedScheduleError(
        'DSCHED_SECOND_FOR_ROOT',
        `DistributedScheduleTestingModule is in this app ${own.length} times, and each would have a clock of its own. Either import it, ` +
          'or put it in the place of DistributedScheduleModule',
        { value: own.length },
      );
    }
    for (const module of own) module.distance = DISTANCE_BEYOND_SCHEDULE;
  }

  /**
   * The same with options.
   * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION
   */
  static with(options: ScheduleTestingOptions): DynamicModule {
    const names = allowed<ScheduleTestingOptions>('startAt', 'patienceMs', 'seed');
    requireKnownOptions('DistributedScheduleTestingModule.with', options, names);
    return {
      module: DistributedScheduleTestingModule,
      providers: [{ provide: TESTING_OPTIONS, useValue: options }],
    };
  }

  /** What runs is waited for by `app.close()`, in real time. */
  onModuleDestroy(): void {
    this.clock.goOn();
  }
}
