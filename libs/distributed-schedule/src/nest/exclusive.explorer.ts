import { Inject, Injectable, Logger } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Clock } from '../protocol/contract/ports.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import type { ExclusiveTask, TaskBlueprint } from '../tasks/exclusive-task.js';
import type { BuildContext } from '../tasks/schedule.factory.js';
import { createTaskBlueprint } from '../tasks/task-blueprint.js';
import {
  type ExclusiveMethod,
  exclusiveMethodsOf,
  overriddenMethodsOf,
} from './decorators/exclusive-metadata.accessor.js';
import { CLOCK, MODULE_OPTIONS, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import {
  refuseDuplicate,
  refusePerTickOfSingleton,
  refusePlainSchedule,
  requireCallable,
  requireReachable,
} from './exclusive-refusals.js';
import { JOB_SWITCHES, type JobKind, jobKindOf, NestSchedule } from './nest-schedule.js';
import { ScheduleFactoryResolver } from './schedule-factory.resolver.js';
import type { SchedulerHost } from './scheduler.provider.js';
import { type Found, handlerOf, instancesOf, isSingleton, perTickHandlerOf } from './tick-handler.factory.js';

const JOB_KINDS = Object.keys(JOB_SWITCHES) as JobKind[];

const LOCAL_TIMER_OPTIONS = ['threshold', 'unrefTimeout', 'initialDelay'] as const;

@Injectable()
export class ExclusiveExplorer {
  private readonly logger = new Logger('DistributedSchedule');

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(ScheduleFactoryResolver) private readonly factories: ScheduleFactoryResolver,
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(NestSchedule) private readonly nestSchedule: NestSchedule,
  ) {}

  /**
   * Every exclusive method once, in the order of the modules. Only when all instances exist.
   * @throws DistributedScheduleError DSCHED_REQUEST_SCOPED, DSCHED_DUPLICATE_TASK, DSCHED_NOT_A_METHOD, and of {@link createTaskBlueprint}
   */
  explore(): readonly ExclusiveTask[] {
    const tasks = new Map<string, readonly [ExclusiveTask, prototype: object]>();
    for (const found of instancesOf(this.discovery)) {
      for (const task of this.exploreInstance(found)) {
        refuseDuplicate(tasks.get(task.name), [task, found.prototype]);
        tasks.set(task.name, [task, found.prototype]);
      }
    }
    const all = [...tasks.values()].map(([task]) => task);
    this.tellOfSwitchedOff(all);
    return all;
  }

  private exploreInstance(found: Found): readonly ExclusiveTask[] {
    const className = classNameOf(found.prototype);
    this.warnOfOverridden(found.prototype, className);
    return exclusiveMethodsOf(found.prototype).map((method) =>
      this.taskOf(found, className, this.switched(method)),
    );
  }

  private taskOf(
    { wrapper, instance }: Found,
    className: string,
    { method, metadata }: ExclusiveMethod,
  ): ExclusiveTask {
    const origin = `${className}.${method}`;
    requireReachable(wrapper, metadata, origin);
    // Of any other provider there is no whole instance yet, and a getter on it may not be read.
    const isWhole = isSingleton(wrapper);
    if (isWhole) refusePlainSchedule(requireCallable(instance, method, metadata, origin), metadata, origin);
    const blueprint = createTaskBlueprint(metadata, { className, method }, this.context());
    refusePerTickOfSingleton(wrapper, blueprint);
    this.warnOfLocalOptions(blueprint);
    return {
      ...blueprint,
      handler: isWhole ? handlerOf(instance, method) : perTickHandlerOf(wrapper, method),
    };
  }

  /** What `ScheduleModule.forRoot({ cronJobs: false })` and the like switch off is off here too. */
  private switched(found: ExclusiveMethod): ExclusiveMethod {
    const { schedule, options } = found.metadata;
    if (schedule === undefined || !this.nestSchedule.isSwitchedOff(jobKindOf(schedule))) return found;
    return { ...found, metadata: { ...found.metadata, options: { ...options, disabled: true } } };
  }

  private tellOfSwitchedOff(tasks: readonly ExclusiveTask[]): void {
    for (const kind of JOB_KINDS) {
      const off = tasks.filter(({ definition }) => jobKindOf(definition) === kind);
      if (off.length === 0 || !this.nestSchedule.isSwitchedOff(kind)) continue;
      const names = off.map(({ name }) => `'${name}'`).join(', ');
      this.logger.log(
        `ScheduleModule is imported with ${JOB_SWITCHES[kind]}: false, so this instance leaves exclusive tasks of that kind to others: ${names}.`,
      );
    }
  }

  /** Either it is meant, or a decorator of the class has wrapped the method: only the one who wrote it knows. */
  private warnOfOverridden(prototype: object, className: string): void {
    for (const { method, origin, decorator } of overriddenMethodsOf(prototype)) {
      this.logger.warn(
        `${className}.${method} takes the place of ${origin}, which is ${decorator}, and has no decorator of its own: it is ` +
          'not scheduled. Decorate it too, with { disabled: true } if that is meant. A class decorator that wraps ' +
          'inherited methods does this as well.',
      );
    }
  }

  private warnOfLocalOptions({ name, definition }: TaskBlueprint): void {
    if (definition.kind !== 'cron') return;
    const given = LOCAL_TIMER_OPTIONS.filter((option) => definition[option] !== undefined);
    if (given.length === 0) return;
    this.logger.warn(
      `Task '${name}' has the options ${given.join(' and ')} of @Cron, which speak of a local timer and have no effect.`,
    );
  }

  private context(): BuildContext {
    return {
      nowMs: this.clock.wallMs(),
      defaults: this.options.tasks,
      resolveFactory: (task, factory) => this.factories.resolve(task, factory),
      timeoutOf: (request) => this.host.timeouts.scheduleOf(request),
    };
  }
}

function classNameOf(prototype: object): string {
  return typeof prototype.constructor === 'function' ? prototype.constructor.name : '';
}
