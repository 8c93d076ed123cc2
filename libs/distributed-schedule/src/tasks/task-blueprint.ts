/** Makes a task from what a decorator wrote, and checks all that needs the task's name in its message. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TaskPolicies } from '../protocol/contract/task-policies.js';
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
import type { ExclusiveMetadata, ScheduleDefinition, TaskBlueprint } from './exclusive-task.js';
import { EXCLUSIVE_OPTION_NAMES, type ExclusiveTaskOptions } from './exclusive-task-options.js';
import { resolvePlacement } from './placement.resolver.js';
import { type BuildContext, createSchedule, NEVER, withFactoryValue } from './schedule.factory.js';
import { resolveTaskPolicies } from './task-policies.resolver.js';
import type { TaskPolicyOptions } from './task-policy-options.js';

/** What compilers call a class that has no name of its own: it changes with the file around it. */
const NO_NAME = /^(?:default|_?class_?\d*|default_\d+|_[a-z])?$/i;

/** Where a task was found. */
interface TaskOrigin {
  readonly className: string;
  readonly method: string;
}

const MAX_JITTER_MS = 86_400_000;
const NOTHING_FOR_A_TIMEOUT = { misfire: 'tried until it has run', jitterMs: 'due once' } as const;

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
  found: TaskOrigin,
  context: BuildContext,
): TaskBlueprint {
  const { options } = metadata;
  const origin = `${found.className}.${found.method}`;
  const given = requireSchedule(metadata, origin);
  const name = requireStableName(metadata, found);
  requireNoNull({ place: metadata.decorator, task: name }, options, EXCLUSIVE_OPTION_NAMES);
  const place: OptionPlace = { task: name };
  const written = withDst(given, options.dst, place);
  const switchedOff = options.disabled ?? (written.kind === 'cron' ? written.disabled : undefined);
  const checked = resolveOptions(place, { ...options, disabled: switchedOff }, SPEC);
  const policies = policiesOf(place, name, options, written, context.defaults);
  const placement = resolvePlacement(name, options);
  const definition = checked.disabled ? written : withFactoryValue(metadata, written, name, context);
  const disabled = checked.disabled || definition === undefined;
  requireDst(definition ?? written, place);
  return {
    ...{ ...checked, name, origin, disabled, policies, definition: definition ?? written },
    schedule: disabled
      ? NEVER
      : createSchedule(definition, { name, policies, jitterMs: checked.jitterMs }, context),
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
    for (const [option, why] of Object.entries(NOTHING_FOR_A_TIMEOUT)) {
      const value: unknown = options[option as keyof typeof NOTHING_FOR_A_TIMEOUT];
      if (value !== undefined)
        throw badOption(place, option, value, `nothing for a timeout, which is ${why}`);
    }
    return resolveTaskPolicies(task, options, { ...defaults, misfire: 'skip' });
  }
  if (definition.kind !== 'cron' || definition.waitForCompletion === undefined)
    return resolveTaskPolicies(task, options, defaults);
  requireOption(place, 'waitForCompletion', definition.waitForCompletion, FLAG);
  const overlap = definition.waitForCompletion ? 'skip' : 'allow';
  return resolveTaskPolicies(task, options, { ...defaults, overlap });
}

function requireSchedule({ schedule, decorator }: ExclusiveMetadata, origin: string): ScheduleDefinition {
  if (schedule !== undefined) return schedule;
  throw new DistributedScheduleError(
    'DSCHED_NO_SCHEDULE',
    `${origin} is marked ${decorator}() but has no schedule. Add @Cron, @Interval or @Timeout of @nestjs/schedule, or use ` +
      '@EverySecondExclusive, @CronExclusive, @IntervalExclusive or @TimeoutExclusive. If it has one, a decorator in between has ' +
      `replaced the method and lost it: put ${decorator}() right beside it.`,
    { value: origin },
  );
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
