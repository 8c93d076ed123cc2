/** Makes a task from what a decorator wrote, and checks all that needs the task's name in its message. */

import { DistributedScheduleError } from '../protocol/errors.js';
import { JitteredSchedule } from '../protocol/jitter.js';
import { requireName } from '../protocol/options.js';
import { harmlessValue, shownValue } from '../protocol/shown-value.js';
import type { TaskPolicies } from '../protocol/task-policies.js';
import type { Placement, Schedule } from '../protocol/tick-context.js';
import { CronSchedule } from './cron.schedule.js';
import { EverySecondSchedule } from './every-second.schedule.js';
import type { ExclusiveMetadata } from './exclusive-metadata.accessor.js';
import { EXCLUSIVE_OPTION_NAMES } from './exclusive-task-options.js';
import { IntervalSchedule } from './interval.schedule.js';
import { requireNoNull } from './option-names.js';
import { OptionReader } from './option-reader.js';
import { resolvePlacement } from './placement.resolver.js';
import type { ScheduleDefinition } from './schedule-definition.js';
import { resolveTaskPolicies } from './task-policies.resolver.js';
import type { TaskPolicyOptions } from './task-policy-options.js';

/** What compilers call a class that has no name of its own: it changes with the file around it. */
const NO_NAME = /^(?:default|_?class_?\d*|default_\d+|_[a-z])?$/i;

/** Where a task was found. */
export interface TaskOrigin {
  readonly className: string;
  readonly method: string;
}

/** A task without its handler. */
export interface TaskBlueprint {
  readonly name: string;
  readonly schedule: Schedule;
  readonly definition: ScheduleDefinition;
  readonly disabled: boolean;
  readonly maxLatenessMs?: number;
  /** Each run makes its provider anew. */
  readonly perTick: boolean;
  readonly policies: TaskPolicies;
  readonly placement?: Placement;
}

/** What a task is made with beside its own options. */
export interface TaskSurroundings {
  /** An expression that is never due after it is refused. Epoch ms. */
  readonly nowMs: number;
  /** `tasks` of forRoot. */
  readonly defaults: TaskPolicyOptions;
}

const LONGEST_JITTER_MS = 86_400_000;

/**
 * @throws DistributedScheduleError DSCHED_UNSTABLE_NAME, DSCHED_NO_SCHEDULE, DSCHED_BAD_SCHEDULE, DSCHED_BAD_OPTION,
 * DSCHED_UNKNOWN_OPTION, DSCHED_DURATIONS
 */
export function createTaskBlueprint(
  metadata: ExclusiveMetadata,
  origin: TaskOrigin,
  { nowMs, defaults }: TaskSurroundings,
): TaskBlueprint {
  const { options } = metadata;
  const definition = requireSchedule(metadata, origin);
  const name = requireStableName(metadata, origin);
  requireNoNull({ place: metadata.decorator, task: name }, options, EXCLUSIVE_OPTION_NAMES);
  const reader: OptionReader = new OptionReader({ task: name });
  const disabled =
    options.disabled ?? (definition.kind === 'cron' ? definition.disabled : undefined) ?? false;
  reader.requireBoolean('disabled', disabled);
  const { maxLatenessMs, jitterMs = 0, perTick = false } = options;
  if (maxLatenessMs !== undefined && (!Number.isInteger(maxLatenessMs) || maxLatenessMs < 1)) {
    throw reader.bad(
      'maxLatenessMs',
      maxLatenessMs,
      'a whole number of milliseconds from 1 to half the period',
    );
  }
  reader.requireBoolean('perTick', perTick);
  reader.requireWhole('jitterMs', jitterMs, 0, LONGEST_JITTER_MS);
  const policies = resolveTaskPolicies(name, options, defaults);
  const placement = resolvePlacement(name, options);
  const schedule = createSchedule(definition, name, nowMs);
  return {
    name,
    schedule: jitterMs === 0 ? schedule : new JitteredSchedule(name, schedule, jitterMs),
    definition,
    disabled,
    perTick,
    policies,
    ...(maxLatenessMs === undefined ? {} : { maxLatenessMs }),
    ...(placement === undefined ? {} : { placement }),
  };
}

function requireSchedule(metadata: ExclusiveMetadata, { className, method }: TaskOrigin): ScheduleDefinition {
  const place = `${className}.${method}`;
  if (metadata.schedule === undefined) {
    throw new DistributedScheduleError(
      'DSCHED_NO_SCHEDULE',
      `${place} is marked ${metadata.decorator}() but has no schedule. Add @Cron or @Interval of @nestjs/schedule, or use ` +
        '@EverySecondExclusive, @CronExclusive or @IntervalExclusive. If it has one, a decorator in between has ' +
        `replaced the method and lost it: put ${metadata.decorator}() right beside it.`,
      { value: place },
    );
  }
  if (metadata.schedule.kind === 'timeout') {
    throw new DistributedScheduleError(
      'DSCHED_NO_SCHEDULE',
      `${place} is marked ${metadata.decorator}() over @Timeout. Timeouts are not supported yet: a timeout counts from ` +
        'the start of a process, so there is no instant that instances could agree on. ' +
        `Remove ${metadata.decorator}(), or give the method a @Cron.`,
      { value: place },
    );
  }
  return metadata.schedule;
}

function requireStableName(metadata: ExclusiveMetadata, { className, method }: TaskOrigin): string {
  const { schedule, options } = metadata;
  const given = options.name ?? (schedule !== undefined && 'name' in schedule ? schedule.name : undefined);
  if (given === undefined && NO_NAME.test(className)) {
    throw new DistributedScheduleError(
      'DSCHED_UNSTABLE_NAME',
      `${metadata.decorator} stands on the method ${method} of an anonymous class. Pass { name }.`,
      { value: method },
    );
  }
  const name: unknown = given ?? `${className}.${method}`;
  try {
    requireName('name', name);
    return name;
  } catch (cause) {
    throw new DistributedScheduleError(
      'DSCHED_UNSTABLE_NAME',
      `${className}.${method} cannot be named ${shownValue(name)}. ` +
        'A name takes 1 to 200 characters without braces and control characters. Pass another { name }.',
      { value: harmlessValue(name), cause },
    );
  }
}

function createSchedule(definition: ScheduleDefinition, task: string, nowMs: number): Schedule {
  switch (definition.kind) {
    case 'every_second':
      return new EverySecondSchedule();
    case 'interval':
      return new IntervalSchedule(task, definition.periodMs);
    case 'cron': {
      const schedule = new CronSchedule(task, definition);
      schedule.requireDueAfter(nowMs);
      return schedule;
    }
    case 'timeout':
      throw new TypeError('timeouts are refused by requireSchedule');
    default:
      return definition satisfies never;
  }
}
