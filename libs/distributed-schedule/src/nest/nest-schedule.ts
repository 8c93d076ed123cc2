import { Inject, Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { CronJob } from 'cron';
import type { ScheduleDefinition } from '../tasks/exclusive-task.js';

export interface JobRegistry {
  doesExist(kind: JobKind, name: string): boolean;
  addCronJob(name: string, job: CronJob): void;
  addInterval<T>(name: string, interval: T): void;
  addTimeout<T>(name: string, timeout: T): void;
}

export type JobKind = 'cron' | 'interval' | 'timeout';

/** The options of ScheduleModule, by what they switch off. */
export const JOB_SWITCHES = { cron: 'cronJobs', interval: 'intervals', timeout: 'timeouts' } as const;

export const JOB_NAMES = { cron: '@Cron', interval: '@Interval', timeout: '@Timeout' } as const;

export function jobKindOf({ kind }: Pick<ScheduleDefinition, 'kind'>): JobKind {
  return kind === 'every_second' ? 'cron' : kind;
}

interface NestScheduleParts {
  /** `undefined` in an app that does not import ScheduleModule. */
  readonly registry: JobRegistry | undefined;
  /** How many walk the app for plain jobs: one for each `ScheduleModule.forRoot()`. */
  readonly explorers: number;
}

/** A text in all releases, so it is found without an import. */
const MODULE_OPTIONS_TOKEN = 'SCHEDULE_MODULE_OPTIONS';

type Module = ReturnType<ModulesContainer['get']> & object;

/** By methods and not by class names, which a minified bundle changes. */
const REGISTRY_METHODS = ['doesExist', 'addCronJob', 'addInterval', 'addTimeout'];
const EXPLORER_METHODS = ['explore', 'lookupSchedulers'];

/** Without an import: version 6 does not export its explorer, and an app without @nestjs/schedule need not install it. */
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

  /** Whether every import of ScheduleModule in this app says that it starts no jobs of the kind. */
  isSwitchedOff(kind: JobKind): boolean {
    const options = [...this.modules.values()].flatMap(optionsOf);
    return options.length > 0 && options.every((given) => !given[JOB_SWITCHES[kind]]);
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

/** Those of `ScheduleModule.forRoot` or `forRootAsync`, with their defaults. Falsy values switch off there, so they do here. */
function optionsOf({ providers }: Module): readonly Readonly<Record<string, unknown>>[] {
  const given: unknown = providers.get(MODULE_OPTIONS_TOKEN)?.instance;
  return typeof given === 'object' && given !== null ? [given as Readonly<Record<string, unknown>>] : [];
}
