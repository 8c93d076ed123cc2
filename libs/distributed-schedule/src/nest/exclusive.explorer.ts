import { Inject, Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/errors.js';
import type { Clock } from '../protocol/ports.js';
import type { TickHandler } from '../protocol/tick-context.js';
import { CLOCK, MODULE_OPTIONS, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import type { ModuleOptions } from './distributed-schedule-options.resolver.js';
import { type ExclusiveMetadata, ExclusiveMetadataAccessor } from './exclusive-metadata.accessor.js';
import { createTaskBlueprint, type TaskBlueprint } from './exclusive-task.factory.js';
import { nestScheduleOf } from './nest-schedule.metadata.js';
import type { TaskSurroundings } from './schedule.factory.js';
import { ScheduleFactoryResolver } from './schedule-factory.resolver.js';
import type { SchedulerHost } from './scheduler.provider.js';
import {
  handlerOf,
  isSingleton,
  type ProviderWrapper,
  perTickHandlerOf,
  requireResolvable,
} from './tick-handler.factory.js';

/** An exclusive method of this app, ready to be scheduled. */
export interface ExclusiveTask extends TaskBlueprint {
  /** `ClassName.method`, for messages. */
  readonly origin: string;
  readonly handler: TickHandler;
}

const LOCAL_TIMER_OPTIONS = ['threshold', 'unrefTimeout', 'initialDelay'] as const;

/** Walks all providers and controllers and finds the exclusive methods. */
@Injectable()
export class ExclusiveExplorer {
  private readonly logger = new Logger('DistributedSchedule');

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ExclusiveMetadataAccessor) private readonly accessor: ExclusiveMetadataAccessor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(ScheduleFactoryResolver) private readonly factories: ScheduleFactoryResolver,
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
  ) {}

  /**
   * Every exclusive method once, in the order of the modules. To be called when all instances exist.
   * @throws DistributedScheduleError DSCHED_REQUEST_SCOPED, DSCHED_DUPLICATE_TASK, and what
   * {@link createTaskBlueprint} throws
   */
  explore(): readonly ExclusiveTask[] {
    const tasks = new Map<string, FoundTask>();
    // An alias (useExisting) shows the same instance under a second token.
    const seen = new Set<object>();
    for (const wrapper of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      const instance = instanceOf(wrapper);
      if (instance === undefined || seen.has(instance)) continue;
      seen.add(instance);
      for (const task of this.exploreInstance(wrapper, instance)) {
        const found: FoundTask = { task, prototype: Object.getPrototypeOf(instance) };
        refuseDuplicate(tasks.get(task.name), found);
        tasks.set(task.name, found);
      }
    }
    return [...tasks.values()].map(({ task }) => task);
  }

  private exploreInstance(wrapper: ProviderWrapper, instance: Instance): ExclusiveTask[] {
    const prototype: unknown = Object.getPrototypeOf(instance);
    if (typeof prototype !== 'object' || prototype === null) return [];
    const tasks: ExclusiveTask[] = [];
    const surroundings = this.surroundings();
    for (const method of this.scanner.getAllMethodNames(prototype)) {
      const metadata = this.accessor.find(prototype, method);
      if (metadata === undefined) continue;
      const className = classNameOf(prototype);
      const origin = `${className}.${method}`;
      requireReachable(wrapper, metadata, origin);
      refusePlainSchedule(instance[method], metadata, origin);
      const blueprint = createTaskBlueprint(metadata, { className, method }, surroundings);
      refusePerTickOfSingleton(wrapper, blueprint);
      this.warnOfLocalOptions(blueprint);
      const handler = isSingleton(wrapper) ? handlerOf(instance, method) : perTickHandlerOf(wrapper, method);
      tasks.push({ ...blueprint, origin, handler });
    }
    return tasks;
  }

  private warnOfLocalOptions({ name, definition }: TaskBlueprint): void {
    if (definition.kind !== 'cron') return;
    const given = LOCAL_TIMER_OPTIONS.filter((option) => definition[option] !== undefined);
    if (given.length === 0) return;
    this.logger.warn(
      `Task '${name}' has the options ${given.join(' and ')} of @Cron, which speak of a local timer and have no effect.`,
    );
  }

  private surroundings(): TaskSurroundings {
    return {
      nowMs: this.clock.wallMs(),
      defaults: this.options.tasks,
      resolveFactory: (task, factory) => this.factories.resolve(task, factory),
      timeoutOf: (request) => this.host.timeouts.scheduleOf(request),
    };
  }
}

type Instance = Readonly<Record<string, unknown>>;

function instanceOf({ instance }: ProviderWrapper): Instance | undefined {
  const given: unknown = instance;
  return typeof given === 'object' && given !== null ? (given as Instance) : undefined;
}

function classNameOf(prototype: object): string {
  return typeof prototype.constructor === 'function' ? prototype.constructor.name : '';
}

function requireReachable(wrapper: ProviderWrapper, metadata: ExclusiveMetadata, origin: string): void {
  if (isSingleton(wrapper)) return;
  if (metadata.options.perTick === true) {
    requireResolvable(wrapper, origin);
    return;
  }
  throw new DistributedScheduleError(
    'DSCHED_REQUEST_SCOPED',
    `${metadata.decorator} stands on ${origin}, whose class is ${wrapper.isTransient ? 'transient' : 'request-scoped'} or injects ` +
      'something that is. No instance of it exists when a tick comes. Pass { perTick: true } to have one made for each run, ' +
      'or move the method to a singleton provider.',
    { value: origin },
  );
}

function refusePerTickOfSingleton(wrapper: ProviderWrapper, { name, perTick }: TaskBlueprint): void {
  if (!perTick || !isSingleton(wrapper)) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    'option perTick is true, but its class is a singleton and injects nothing request-scoped; leave it out, or make the ' +
      'provider request-scoped',
    { task: name, value: true },
  );
}

/** A schedule that is still in its old place would run on every replica beside the exclusive one. */
function refusePlainSchedule(method: unknown, { decorator }: ExclusiveMetadata, origin: string): void {
  const plain = typeof method === 'function' ? nestScheduleOf(method) : undefined;
  if (plain === undefined) return;
  const name = { cron: '@Cron', interval: '@Interval', timeout: '@Timeout', every_second: '@Cron' }[
    plain.kind
  ];
  throw new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    `${origin} carries both ${decorator} and ${name}, which would run it on every replica as well. ` +
      (decorator === '@Exclusive' ? `Put @Exclusive() above ${name}.` : `Remove ${name}.`),
    { value: origin },
  );
}

/** With its class, since two of them can have one name. */
interface FoundTask {
  readonly task: ExclusiveTask;
  readonly prototype: unknown;
}

function refuseDuplicate(first: FoundTask | undefined, { task, prototype }: FoundTask): void {
  if (first === undefined) return;
  const { name, origin } = task;
  throw new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    first.task.origin !== origin
      ? `both ${first.task.origin} and ${origin} use this name. Pass another { name } to one of them.`
      : first.prototype === prototype
        ? `there are two instances of ${origin}. Provide its class in one module and export it from there.`
        : twoClasses(origin),
    { task: name, value: origin },
  );
}

function twoClasses(origin: string): string {
  const [className = '', method = ''] = origin.split('.');
  return (
    `there are two classes called ${className} with a method ${method}. Pass { name } to one of them, such as ` +
    `{ name: 'other-${className.toLowerCase()}' }: a task's name is its identity in the whole cluster.`
  );
}
