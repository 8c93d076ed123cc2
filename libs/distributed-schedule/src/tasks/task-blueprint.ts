/** Makes a task from what a decorator wrote, and checks all that needs the task's name in its message. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TaskPolicies } from '../protocol/contract/task-policies.js';
import type { Placement, Schedule } from '../protocol/contract/tick-context.js';
import { requireNoNull } from '../protocol/options/option-names.js';
import {
  badOption,
  FLAG,
  type OptionPlace,
  type OptionSpec,
  optional,
  requireName,
  requireOption,
  resolveOptions,
  whole,
} from '../protocol/options/option-spec.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import { requireDst, withDst } from './dst-option.js';
import type { ExclusiveMetadata } from './exclusive-metadata.js';
import { EXCLUSIVE_OPTION_NAMES, type ExclusiveTaskOptions } from './exclusive-task-options.js';
import { resolvePlacement } from './placement.resolver.js';
import { type BuildContext, createSchedule, NEVER, withFactoryValue } from './schedule.factory.js';
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
  readonly jitterMs: number;
  /** Each run makes its provider anew. */
  readonly perTick: boolean;
  readonly policies: TaskPolicies;
  readonly placement?: Placement;
}

const MAX_JITTER_MS = 86_400_000;

/** Beside its name, its schedule, its policies and its placement. */
const SPEC: OptionSpec<Pick<TaskBlueprint, 'disabled' | 'maxLatenessMs' | 'perTick' | 'jitterMs'>> = {
  disabled: optional(FLAG, false),
  maxLatenessMs: { ...whole(1), takes: 'a whole number of milliseconds from 1 to half the period' },
  perTick: optional(FLAG, false),
  jitterMs: optional(whole(0, MAX_JITTER_MS), 0),
};

/**
 * @throws DistributedScheduleError DSCHED_UNSTABLE_NAME, DSCHED_NO_SCHEDULE, DSCHED_BAD_SCHEDULE, DSCHED_BAD_OPTION,
 * DSCHED_UNKNOWN_OPTION, DSCHED_DURATIONS
 */
export function createTaskBlueprint(
  metadata: ExclusiveMetadata,
  origin: TaskOrigin,
  surroundings: BuildContext,
): TaskBlueprint {
  const { options } = metadata;
  const found = requireSchedule(metadata, origin);
  const name = requireStableName(metadata, origin);
  requireNoNull({ place: metadata.decorator, task: name }, options, EXCLUSIVE_OPTION_NAMES);
  const place: OptionPlace = { task: name };
  const written = withDst(found, options.dst, place);
  const switchedOff = options.disabled ?? (written.kind === 'cron' ? written.disabled : undefined);
  const checked = resolveOptions(place, { ...options, disabled: switchedOff }, SPEC);
  const policies = policiesOf(place, name, options, written, surroundings.defaults);
  const placement = resolvePlacement(name, options);
  const definition = checked.disabled ? written : withFactoryValue(metadata, written, name, surroundings);
  const disabled = checked.disabled || definition === undefined;
  requireDst(definition ?? written, place);
  return {
    ...checked,
    name,
    schedule: disabled
      ? NEVER
      : createSchedule(definition, { name, policies, jitterMs: checked.jitterMs }, surroundings),
    definition: definition ?? written,
    disabled,
    policies,
    ...(placement === undefined ? {} : { placement }),
  };
}

/** `waitForCompletion` of `@Cron` counts after the task's own `overlap`, and before that of the module. */
function policiesOf(
  place: OptionPlace,
  task: string,
  options: ExclusiveTaskOptions,
  definition: ScheduleDefinition,
  defaults: TaskPolicyOptions,
): TaskPolicies {
  if (definition.kind === 'timeout') {
    if (options.misfire !== undefined) {
      throw badOption(
        place,
        'misfire',
        options.misfire,
        'nothing for a timeout, which is tried until it has run',
      );
    }
    if (options.jitterMs !== undefined) {
      throw badOption(place, 'jitterMs', options.jitterMs, 'nothing for a timeout, which is due once');
    }
    return resolveTaskPolicies(task, options, { ...defaults, misfire: 'skip' });
  }
  if (definition.kind !== 'cron' || definition.waitForCompletion === undefined) {
    return resolveTaskPolicies(task, options, defaults);
  }
  requireOption(place, 'waitForCompletion', definition.waitForCompletion, FLAG);
  const overlap = definition.waitForCompletion ? 'skip' : 'allow';
  return resolveTaskPolicies(task, options, { ...defaults, overlap });
}

function requireSchedule(metadata: ExclusiveMetadata, { className, method }: TaskOrigin): ScheduleDefinition {
  const place = `${className}.${method}`;
  if (metadata.schedule === undefined) {
    throw new DistributedScheduleError(
      'DSCHED_NO_SCHEDULE',
      `${place} is marked ${metadata.decorator}() but has no schedule. Add @Cron, @Interval or @Timeout of @nestjs/schedule, or use ` +
        '@EverySecondExclusive, @CronExclusive, @IntervalExclusive or @TimeoutExclusive. If it has one, a decorator in between has ' +
        `replaced the method and lost it: put ${metadata.decorator}() right beside it.`,
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
