import {
  type DynamicModule,
  Inject,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { findApp } from '../system/app-name.js';
import { instanceName } from '../system/instance-name.js';
import { SystemRandom } from '../system/system-random.js';
import { BootLog } from './boot-log.js';
import { ControlService } from './control.service.js';
import { DistributedScheduleRegistry } from './distributed-schedule.registry.js';
import { GIVEN_OPTIONS, MODULE_OPTIONS } from './distributed-schedule.tokens.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';
import { type ModuleOptions, resolveModuleOptions } from './distributed-schedule-options.resolver.js';
import { ExclusiveExplorer } from './exclusive.explorer.js';
import { ExclusiveHandlerExplorer } from './exclusive-handler.explorer.js';
import { ExclusiveMetadataAccessor } from './exclusive-metadata.accessor.js';
import { LeaseRenewalService } from './lease-renewal.service.js';
import { refusePlainImport, refuseSecondForRoot } from './module-imports.js';
import { NestSchedule } from './nest-schedule.js';
import { ScheduleFactoryResolver } from './schedule-factory.resolver.js';
import { SCHEDULER_PROVIDERS } from './scheduler.provider.js';
import { SchedulerRegistryMirror } from './scheduler-registry.mirror.js';
import { StoreWatch } from './store-watch.js';
import { TaskOrchestrator } from './task.orchestrator.js';

/**
 * The inner, global module. Nest ends global modules last, which is right for connections and too late for
 * draining: that is the part of DistributedScheduleModule around it.
 */
@Module({})
export class DistributedScheduleCoreModule implements OnApplicationShutdown {
  constructor(@Inject(TaskOrchestrator) private readonly orchestrator: TaskOrchestrator) {}

  /**
   * @param outer the module around this one
   * @param given provides {@link GIVEN_OPTIONS}, and what that takes
   */
  static register(
    outer: Type,
    given: readonly Provider[],
    imports: ModuleMetadata['imports'] = [],
  ): DynamicModule {
    return {
      module: DistributedScheduleCoreModule,
      global: true,
      imports: [DiscoveryModule, ...imports],
      providers: [
        ...given,
        {
          provide: MODULE_OPTIONS,
          useFactory: (options: DistributedScheduleOptions, modules: ModulesContainer) =>
            createModuleOptions(options, modules, outer),
          inject: [GIVEN_OPTIONS, ModulesContainer],
        },
        ...SCHEDULER_PROVIDERS,
        StoreWatch,
        ExclusiveMetadataAccessor,
        ScheduleFactoryResolver,
        ExclusiveExplorer,
        ExclusiveHandlerExplorer,
        ControlService,
        BootLog,
        NestSchedule,
        SchedulerRegistryMirror,
        TaskOrchestrator,
        DistributedScheduleRegistry,
        LeaseRenewalService,
      ],
      // The options: IdempotentExecutionModule takes its namespace from there.
      exports: [MODULE_OPTIONS, TaskOrchestrator, DistributedScheduleRegistry, LeaseRenewalService],
    };
  }

  /** After every module has been destroyed: until then a handler may still write through a lease. */
  async onApplicationShutdown(): Promise<void> {
    await this.orchestrator.close();
  }
}

function createModuleOptions(
  given: DistributedScheduleOptions,
  modules: ModulesContainer,
  outer: Type,
): ModuleOptions {
  refuseSecondForRoot(modules, DistributedScheduleCoreModule);
  refusePlainImport(modules, outer);
  return resolveModuleOptions(given, () => instanceName(new SystemRandom()), findApp, process.env.NODE_ENV);
}
