import {
  type DynamicModule,
  Inject,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ControlService } from './control.service.js';
import { DistributedScheduleRegistry } from './distributed-schedule.registry.js';
import { MODULE_OPTIONS } from './distributed-schedule.tokens.js';
import { ExclusiveExplorer } from './exclusive.explorer.js';
import { ExclusiveHandlerExplorer } from './exclusive-handler.explorer.js';
import { LazyModuleGuard } from './lazy-module.guard.js';
import { LeaseRenewalService } from './lease-renewal.service.js';
import { BootLog } from './log/boot-log.js';
import { optionProviders } from './module-options.provider.js';
import { NestSchedule } from './nest-schedule.js';
import { ScheduleFactoryResolver } from './schedule-factory.resolver.js';
import { SCHEDULER_PROVIDERS } from './scheduler.provider.js';
import { SchedulerRegistryMirror } from './scheduler-registry.mirror.js';
import { StoreWatch } from './store-watch.js';
import { TaskOrchestrator } from './task.orchestrator.js';

/** The inner, global module. Nest ends it last, right for connections and too late for draining, which the outer one does. */
@Module({})
export class DistributedScheduleCoreModule implements OnApplicationShutdown {
  constructor(@Inject(TaskOrchestrator) private readonly orchestrator: TaskOrchestrator) {}

  /** Within the module `outer`; `given` provides {@link GIVEN_OPTIONS}, and what that takes. */
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
        ...optionProviders(DistributedScheduleCoreModule, outer),
        ...SCHEDULER_PROVIDERS,
        StoreWatch,
        ScheduleFactoryResolver,
        ExclusiveExplorer,
        ExclusiveHandlerExplorer,
        ControlService,
        BootLog,
        NestSchedule,
        LazyModuleGuard,
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
