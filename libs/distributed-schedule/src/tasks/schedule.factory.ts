/** Makes schedules of what decorators wrote. */

import type { Schedule } from '../protocol/contract/tick-context.js';
import { EverySecondSchedule } from '../protocol/schedules/every-second.schedule.js';
import { IntervalSchedule } from '../protocol/schedules/interval.schedule.js';
import { JitteredSchedule } from '../protocol/schedules/jittered.schedule.js';
import type { TimeoutRequest } from '../protocol/timeouts/timeout-agreement.js';
import { CronSchedule } from './cron.schedule.js';
import type { ExclusiveMetadata, ScheduleDefinition, TaskBlueprint } from './exclusive-task.js';
import { SingleHourSchedule } from './single-hour.schedule.js';
import type { TaskPolicyOptions } from './task-policy-options.js';

/** What a task is made with beside its own options. */
export interface BuildContext {
  /** An expression that is never due after it is refused. Epoch ms. */
  readonly nowMs: number;
  /** `tasks` of forRoot. */
  readonly defaults: TaskPolicyOptions;
  /** Asks the factory of a schedule; null switches the task off. Absent where no decorator with a factory can come from. */
  readonly resolveFactory?: (task: string, factory: unknown) => unknown;
  /** When a timeout is due. Absent where none can come from. */
  readonly timeoutOf?: (request: TimeoutRequest) => Schedule;
}

/** Of a task that is switched off: nobody asks it. */
export const NEVER: Schedule = { description: 'off', nextAfter: () => undefined };

/** The field that a factory gives, by kind of schedule. */
const GIVEN_FIELDS = { cron: 'cronTime', interval: 'periodMs', timeout: 'delayMs' } as const;

/** Undefined where the factory switches the task off. */
export function withFactoryValue(
  { factory }: ExclusiveMetadata,
  definition: ScheduleDefinition,
  task: string,
  { resolveFactory }: BuildContext,
): ScheduleDefinition | undefined {
  if (factory === undefined || definition.kind === 'every_second') return definition;
  const value = resolveFactory?.(task, factory) ?? null;
  if (value === null) return undefined;
  return { ...definition, [GIVEN_FIELDS[definition.kind]]: value };
}

/** @throws DistributedScheduleError DSCHED_BAD_SCHEDULE, DSCHED_NO_DEPLOYMENT_KEY, DSCHED_BAD_OPTION */
export function createSchedule(
  definition: ScheduleDefinition,
  { name, policies, jitterMs }: Pick<TaskBlueprint, 'name' | 'policies' | 'jitterMs'>,
  { nowMs, timeoutOf }: BuildContext,
): Schedule {
  const spread = (schedule: Schedule): Schedule =>
    jitterMs === 0 ? schedule : new JitteredSchedule(name, schedule, jitterMs);
  switch (definition.kind) {
    case 'every_second':
      return spread(new EverySecondSchedule());
    case 'interval':
      return spread(new IntervalSchedule(name, definition.periodMs));
    case 'cron': {
      const schedule = new CronSchedule(name, definition);
      schedule.requireDueAfter(nowMs);
      return spread(definition.dst === undefined ? schedule : new SingleHourSchedule(schedule));
    }
    case 'timeout':
      return timeoutOf?.({ task: name, definition, policies }) ?? NEVER;
    default:
      return definition satisfies never;
  }
}
