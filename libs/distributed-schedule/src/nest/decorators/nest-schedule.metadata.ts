/**
 * The metadata of @nestjs/schedule. Its keys are not exported, and the same since version 1. A test reads what the real @Cron, @Interval
 * and @Timeout write through here, so that a release which changes them cannot pass unnoticed.
 */

import 'reflect-metadata';
import type { ScheduleDefinition } from '../../tasks/exclusive-task.js';

const SCHEDULER_TYPE = 'SCHEDULER_TYPE';
const SCHEDULER_NAME = 'SCHEDULER_NAME';
const SCHEDULE_CRON_OPTIONS = 'SCHEDULE_CRON_OPTIONS';
const SCHEDULE_INTERVAL_OPTIONS = 'SCHEDULE_INTERVAL_OPTIONS';
const SCHEDULE_TIMEOUT_OPTIONS = 'SCHEDULE_TIMEOUT_OPTIONS';

const CRON = 1;
const TIMEOUT = 2;
const INTERVAL = 3;

export function nestScheduleOf(method: object): ScheduleDefinition | undefined {
  const name: string | undefined = Reflect.getOwnMetadata(SCHEDULER_NAME, method);
  const named = name === undefined ? {} : { name };
  switch (Reflect.getOwnMetadata(SCHEDULER_TYPE, method)) {
    case CRON:
      return { ...Reflect.getOwnMetadata(SCHEDULE_CRON_OPTIONS, method), ...named, kind: 'cron' };
    case INTERVAL:
      return {
        kind: 'interval',
        periodMs: Reflect.getOwnMetadata(SCHEDULE_INTERVAL_OPTIONS, method)?.timeout,
        ...named,
      };
    case TIMEOUT:
      return {
        kind: 'timeout',
        delayMs: Reflect.getOwnMetadata(SCHEDULE_TIMEOUT_OPTIONS, method)?.timeout,
        ...named,
      };
    default:
      return undefined;
  }
}

/** The explorer of @nestjs/schedule finds no type then, and makes no plain job, which would run on every instance. */
export function takeNestSchedule(method: object): ScheduleDefinition | undefined {
  const definition = nestScheduleOf(method);
  if (definition !== undefined) Reflect.deleteMetadata(SCHEDULER_TYPE, method);
  return definition;
}
