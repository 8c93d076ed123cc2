import {
  type DynamicModule,
  Inject,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
  Optional,
  type OptionalFactoryDependency,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { DistributedScheduleOptions } from '../setup/distributed-schedule-options.js';
import { FROM_FOR_ROOT, GIVEN_OPTIONS } from './distributed-schedule.tokens.js';
import { DistributedScheduleCoreModule } from './distributed-schedule-core.module.js';
import { requireForRoot } from './module-imports.js';
import { TaskOrchestrator } from './task.orchestrator.js';

/** Makes the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface DistributedScheduleOptionsFactory {
  createDistributedScheduleOptions(): DistributedScheduleOptions | Promise<DistributedScheduleOptions>;
}

type OptionsFactory = (
  ...injected: never[]
) => DistributedScheduleOptions | Promise<DistributedScheduleOptions>;

/** Exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface DistributedScheduleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Injected into `useFactory`, in order. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** `never` as parameter lets a factory name whatever types it expects. */
  readonly useFactory?: OptionsFactory;
  readonly useClass?: Type<DistributedScheduleOptionsFactory>;
  readonly useExisting?: InjectionToken<DistributedScheduleOptionsFactory>;
}

/**
 * Nest initialises modules from the most distant one to the root, which is at 0, and destroys them the other way round. Beyond
 * the root ticks start when the whole app is ready, and stop before any provider's onModuleDestroy.
 */
const DISTANCE_BEYOND_ROOT = -1;

/**
 * Runs scheduled methods on exactly one instance. Import it once, in the root module:
 *
 * ```ts
 * DistributedScheduleModule.forRoot({ redis: ['redis://a:6379', 'redis://b:6379', 'redis://c:6379'], namespace: 'shop' })
 * ```
 *
 * A store that is down does not stop the boot: ticks end as `no_quorum` until it is back. `app.close()` stops
 * bidding, waits for running handlers at most `shutdownTimeoutMs`, and releases their leases; call
 * `app.enableShutdownHooks()` to have that on SIGTERM. Called in a handler it waits for all but that one. Connections are opened
 * last of all, when every hook of the boot has succeeded: an app that is only built, or does not come up, has none.
 */
@Module({})
export class DistributedScheduleModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  /** Undefined in the class as it stands, which forRoot imports beside: see {@link refuseForeignOverride}. */
  private readonly orchestrator: TaskOrchestrator | undefined;

  /** @throws DistributedScheduleError DSCHED_NO_FOR_ROOT where nothing provides what `forRoot` does */
  constructor(
    @Optional() @Inject(TaskOrchestrator) orchestrator: TaskOrchestrator | undefined,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Optional() @Inject(FROM_FOR_ROOT) isFromForRoot?: true,
  ) {
    const found = requireForRoot(orchestrator);
    if (isFromForRoot === true) this.orchestrator = found;
    for (const module of modules.values()) {
      if (module.metatype === DistributedScheduleModule) module.distance = DISTANCE_BEYOND_ROOT;
    }
  }

  /**
   * Mistakes are errors at boot, when the options are resolved: DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION,
   * DSCHED_DURATIONS, DSCHED_BAD_REDIS, DSCHED_NO_NAMESPACE, DSCHED_NO_APP, DSCHED_EVEN_NODES, DSCHED_SAME_NODE_TWICE,
   * DSCHED_SECOND_FOR_ROOT, DSCHED_NO_FOR_ROOT; and when the tasks are known, DSCHED_TWO_APPS.
   */
  static forRoot(options: DistributedScheduleOptions = {}): DynamicModule {
    return surround([{ provide: GIVEN_OPTIONS, useValue: options }]);
  }

  /**
   * Options from a factory, an options class, or a provider that exists elsewhere.
   * @throws DistributedScheduleError DSCHED_BAD_OPTION unless there is exactly one of them
   */
  static forRootAsync(options: DistributedScheduleAsyncOptions): DynamicModule {
    return surround(asyncProvidersOf(options), options.imports);
  }

  async onModuleInit(): Promise<void> {
    await this.orchestrator?.register();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.orchestrator?.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.orchestrator?.drain();
  }
}

function surround(given: readonly Provider[], imports: ModuleMetadata['imports'] = []): DynamicModule {
  const core = DistributedScheduleCoreModule.register(DistributedScheduleModule, given, imports);
  return {
    module: DistributedScheduleModule,
    // The class as it stands does nothing: it is there to be found by overrideModule.
    imports: [DistributedScheduleModule, core],
    providers: [{ provide: FROM_FOR_ROOT, useValue: true }],
  };
}

function asyncProvidersOf({
  useFactory,
  useClass,
  useExisting,
  inject = [],
}: DistributedScheduleAsyncOptions): Provider[] {
  const given = [useFactory, useClass, useExisting].filter((way) => way !== undefined);
  if (given.length !== 1) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `forRootAsync takes exactly one of useFactory, useClass and useExisting; it was given ${given.length}`,
      { value: given.length },
    );
  }
  if (useFactory !== undefined) return [{ provide: GIVEN_OPTIONS, useFactory, inject: [...inject] }];
  const options: Provider = {
    provide: GIVEN_OPTIONS,
    useFactory: (factory: DistributedScheduleOptionsFactory) => factory.createDistributedScheduleOptions(),
    inject: [useClass ?? useExisting].filter((token) => token !== undefined),
  };
  return useClass === undefined ? [options] : [{ provide: useClass, useClass }, options];
}
