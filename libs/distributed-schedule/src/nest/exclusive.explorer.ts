import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/errors.js';
import type { Clock } from '../protocol/ports.js';
import type { TickHandler } from '../protocol/tick-context.js';
import { CLOCK, MODULE_OPTIONS } from './distributed-schedule.tokens.js';
import type { ModuleOptions } from './distributed-schedule-options.resolver.js';
import { type ExclusiveMetadata, ExclusiveMetadataAccessor } from './exclusive-metadata.accessor.js';
import { createTaskBlueprint, type TaskBlueprint } from './exclusive-task.factory.js';
import { nestScheduleOf } from './nest-schedule.metadata.js';

/** An exclusive method of this app, ready to be scheduled. */
export interface ExclusiveTask extends TaskBlueprint {
  /** `ClassName.method`, for messages. */
  readonly origin: string;
  readonly handler: TickHandler;
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Walks all providers and controllers and finds the exclusive methods. */
@Injectable()
export class ExclusiveExplorer {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ExclusiveMetadataAccessor) private readonly accessor: ExclusiveMetadataAccessor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
  ) {}

  /**
   * Every exclusive method once, in the order of the modules. To be called when all instances exist.
   * @throws DistributedScheduleError DSCHED_REQUEST_SCOPED, DSCHED_DUPLICATE_TASK, and what
   * {@link createTaskBlueprint} throws
   */
  explore(): readonly ExclusiveTask[] {
    const tasks = new Map<string, ExclusiveTask>();
    // An alias (useExisting) shows the same instance under a second token.
    const seen = new Set<object>();
    for (const wrapper of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      const instance = instanceOf(wrapper);
      if (instance === undefined || seen.has(instance)) continue;
      seen.add(instance);
      for (const task of this.exploreInstance(wrapper, instance)) {
        refuseDuplicate(tasks.get(task.name), task);
        tasks.set(task.name, task);
      }
    }
    return [...tasks.values()];
  }

  private exploreInstance(wrapper: Wrapper, instance: Instance): ExclusiveTask[] {
    const prototype: unknown = Object.getPrototypeOf(instance);
    if (typeof prototype !== 'object' || prototype === null) return [];
    const tasks: ExclusiveTask[] = [];
    const surroundings = { nowMs: this.clock.wallMs(), defaults: this.options.tasks };
    for (const method of this.scanner.getAllMethodNames(prototype)) {
      const metadata = this.accessor.find(prototype, method);
      if (metadata === undefined) continue;
      const className = classNameOf(prototype);
      requireStatic(wrapper, metadata, `${className}.${method}`);
      refusePlainSchedule(instance[method], metadata, `${className}.${method}`);
      tasks.push({
        ...createTaskBlueprint(metadata, { className, method }, surroundings),
        origin: `${className}.${method}`,
        handler: handlerOf(instance, method),
      });
    }
    return tasks;
  }
}

type Instance = Readonly<Record<string, unknown>>;

function instanceOf({ instance }: Wrapper): Instance | undefined {
  const given: unknown = instance;
  return typeof given === 'object' && given !== null ? (given as Instance) : undefined;
}

function classNameOf(prototype: object): string {
  return typeof prototype.constructor === 'function' ? prototype.constructor.name : '';
}

/** Looked up at each call, so that a spy or a patch that is set later is seen. */
function handlerOf(instance: Instance, method: string): TickHandler {
  return (context) => {
    const handler = instance[method];
    if (typeof handler !== 'function') throw new TypeError(`${method} is no method any more`);
    return handler.call(instance, context);
  };
}

function requireStatic(wrapper: Wrapper, { decorator }: ExclusiveMetadata, origin: string): void {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return;
  throw new DistributedScheduleError(
    'DSCHED_REQUEST_SCOPED',
    `${decorator} stands on ${origin}, whose class is ${wrapper.isTransient ? 'transient' : 'request-scoped'} or injects ` +
      'something that is. No instance of it exists when a tick comes. Move the method to a singleton provider; ' +
      'it can make what it needs by ModuleRef.resolve().',
    { value: origin },
  );
}

/** A schedule that is still in its old place would run on every replica beside the exclusive one. */
function refusePlainSchedule(method: unknown, { decorator }: ExclusiveMetadata, origin: string): void {
  const plain = typeof method === 'function' ? nestScheduleOf(method) : undefined;
  // Over a timeout the message of createTaskBlueprint says more.
  if (plain === undefined || (plain.kind === 'timeout' && decorator === '@Exclusive')) return;
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

function refuseDuplicate(first: ExclusiveTask | undefined, second: ExclusiveTask): void {
  if (first === undefined) return;
  const isSameMethod = first.origin === second.origin;
  throw new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    isSameMethod
      ? `there are two instances of ${first.origin}. Provide its class in one module and export it from there.`
      : `both ${first.origin} and ${second.origin} use this name. Pass another { name } to one of them.`,
    { task: second.name, value: second.origin },
  );
}
