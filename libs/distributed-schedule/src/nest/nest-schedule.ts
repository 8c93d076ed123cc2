import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { CronJob } from 'cron';

/** What is used of the `SchedulerRegistry` of @nestjs/schedule. */
export interface JobRegistry {
  doesExist(kind: 'cron' | 'interval' | 'timeout', name: string): boolean;
  addCronJob(name: string, job: CronJob): void;
  addInterval<T>(name: string, interval: T): void;
  addTimeout<T>(name: string, timeout: T): void;
}

interface NestScheduleParts {
  /** `undefined` in an app that does not import ScheduleModule. */
  readonly registry: JobRegistry | undefined;
  /** How many walk the app for plain jobs: one for each `ScheduleModule.forRoot()`. */
  readonly explorers: number;
}

/** By methods and not by class names, which a minified bundle changes. */
const REGISTRY_METHODS = ['doesExist', 'addCronJob', 'addInterval', 'addTimeout'];
const EXPLORER_METHODS = ['explore', 'lookupSchedulers'];

/**
 * Finds the parts of @nestjs/schedule in the app, without an import of it. Version 6 does not export its explorer, and
 * a named import of what is missing fails the boot; an app that does not use @nestjs/schedule need not install it.
 */
@Injectable()
export class NestSchedule {
  private readonly logger = new Logger('DistributedSchedule');
  private parts: NestScheduleParts | undefined;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** To be called when all instances exist. */
  find(): NestScheduleParts {
    this.parts ??= this.look();
    return this.parts;
  }

  private look(): NestScheduleParts {
    let registry: JobRegistry | undefined;
    let explorers = 0;
    for (const { metatype, providers } of this.modules.values()) {
      const wrappers = [...providers.values()];
      const own = wrappers.find((wrapper) => hasMethods(wrapper.metatype, REGISTRY_METHODS));
      const explores = wrappers.some((wrapper) => hasMethods(wrapper.metatype, EXPLORER_METHODS));
      registry ??= own?.instance as JobRegistry | undefined;
      if (explores) explorers += 1;
      if (explores !== (own !== undefined) && metatype.name === 'ScheduleModule')
        this.warnOfNewShape(explores);
    }
    return { registry, explorers };
  }

  /** A release with other methods must not be taken for an app without ScheduleModule. */
  private warnOfNewShape(explores: boolean): void {
    const [missing, effect] = explores
      ? ['registry', 'exclusive tasks are not shown in its SchedulerRegistry']
      : ['explorer', 'a second ScheduleModule.forRoot(), which doubles plain jobs, is not noticed'];
    this.logger.warn(
      `This version of @nestjs/schedule has no ${missing} that nestjs-distributed-schedule knows, so ${effect}. ` +
        'Exclusive tasks run all the same. Use a version of its peer range.',
    );
  }
}

/** Of the class and not of the instance: reading an unknown property of a value can run anything. */
function hasMethods(metatype: unknown, names: readonly string[]): boolean {
  if (typeof metatype !== 'function') return false;
  const { prototype } = metatype as { prototype?: object };
  return prototype !== undefined && names.every((name) => name in prototype);
}
