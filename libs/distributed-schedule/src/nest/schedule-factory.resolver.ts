import { Inject, Injectable, type InjectionToken, type OptionalFactoryDependency } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { harmlessValue } from '../protocol/options/shown-value.js';
import type { ScheduleFactory } from './decorators/schedule-factory.js';

const FACTORY_NAMES = { inject: true, useFactory: true } as const;

/** Asks the factories of schedules for their values. */
@Injectable()
export class ScheduleFactoryResolver {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  /** @throws DistributedScheduleError DSCHED_BAD_SCHEDULE, DSCHED_UNKNOWN_OPTION. Null switches the task off */
  resolve(task: string, factory: unknown): unknown {
    requireKnownOptions({ place: 'the factory of a schedule', task }, factory, FACTORY_NAMES);
    // Only what is one by isScheduleFactory is ever written.
    const { inject = [], useFactory } = factory as ScheduleFactory<unknown>;
    if (!Array.isArray(inject)) throw badSchedule(task, 'its inject is not a list', inject);
    if (typeof useFactory !== 'function')
      throw badSchedule(task, 'its useFactory is not a function', useFactory);
    const injected = inject.map((token) => this.dependency(task, token));
    const value = call(task, useFactory, injected);
    if (value === undefined) {
      throw badSchedule(
        task,
        'its factory has given undefined, most likely because a variable is not set. ' +
          'Give null to switch the task off on this instance',
        value,
      );
    }
    if (value instanceof Promise) {
      // Nobody else will look at it.
      value.catch(() => undefined);
      const why = 'its factory is asynchronous. Await the value in a provider, and inject that';
      throw badSchedule(task, why, 'a promise');
    }
    return value === false ? null : value;
  }

  private dependency(task: string, given: InjectionToken | OptionalFactoryDependency): unknown {
    const isOptional = typeof given === 'object' && 'token' in given;
    const token = isOptional ? given.token : given;
    try {
      return this.moduleRef.get(token as never, { strict: false });
    } catch (cause) {
      if (isOptional && given.optional) return undefined;
      const name = typeof token === 'function' ? token.name : String(token);
      const why = `its factory injects ${name}, which no module provides as a singleton`;
      throw badSchedule(task, why, name, cause);
    }
  }
}

function call(
  task: string,
  useFactory: (...injected: never[]) => unknown,
  injected: readonly unknown[],
): unknown {
  try {
    return useFactory(...(injected as never[]));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw badSchedule(task, `its factory has thrown: ${why}`, undefined, cause);
  }
}

function badSchedule(task: string, why: string, value: unknown, cause?: unknown): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_BAD_SCHEDULE', `the schedule cannot be used: ${why}`, {
    ...{ task, value: harmlessValue(value) },
    ...(cause === undefined ? {} : { cause }),
  });
}
