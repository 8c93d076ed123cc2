/** A task that is added at run time, as a program gives it. */

import { type OptionNames, requireKnownOptions, requireNoNull } from '../protocol/options/option-names.js';
import { FLAG, requireName, requireOption } from '../protocol/options/option-spec.js';
import { EXCLUSIVE_OPTION_NAMES } from '../tasks/exclusive-task-options.js';
import { copyOfPayload } from '../tasks/payload-json.js';
import { requireScheduleData, SCHEDULE_NAMES, type ScheduleData } from '../tasks/schedule-data.js';
import type { RuntimeTaskOptions, RuntimeTaskRecord } from './control-records.js';

/** What `DistributedScheduleRegistry.add` takes, beside exactly one schedule. */
export type RuntimeTask = ScheduleData &
  RuntimeTaskOptions & {
    /** The task's identity in the cluster; 1 to 200 characters without braces. */
    readonly name: string;
    /** The name of a method with `@ExclusiveHandler`, or of a decorated task, whose method is to run. */
    readonly runs: string;
    /** Handed to every run as `payload`. JSON, at most 16384 characters. */
    readonly payload?: unknown;
    /** Takes the place of a task that was added with another definition. Default false: that is an error. */
    readonly replace?: boolean;
  };

const PLACE = 'DistributedScheduleRegistry.add';

const { disabled: _disabled, perTick: _perTick, ...OPTION_NAMES } = EXCLUSIVE_OPTION_NAMES;

const NAMES: OptionNames = { ...OPTION_NAMES, ...SCHEDULE_NAMES, runs: true, payload: true, replace: true };

/** @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_NO_SCHEDULE */
export function requireRuntimeTask(
  given: RuntimeTask,
  nowMs: number,
): { readonly name: string; readonly record: RuntimeTaskRecord; readonly replace: boolean } {
  requireKnownOptions(PLACE, given, NAMES);
  const { payload, ...rest } = given;
  requireNoNull(PLACE, rest, NAMES);
  const { name, runs, replace = false } = rest;
  requireName('name', name);
  requireName('runs', runs);
  requireOption({ task: name }, 'replace', replace, FLAG);
  const schedule = requireScheduleData(name, given);
  const known = new Set<string>(['name', 'runs', 'replace', ...Object.keys(SCHEDULE_NAMES)]);
  const options = Object.fromEntries(
    Object.entries(rest).filter(([option, value]) => !known.has(option) && value !== undefined),
  ) as RuntimeTaskOptions;
  const record = {
    runs,
    schedule,
    options,
    ...copyOfPayload(name, payload),
    sinceMs: Math.floor(nowMs),
  };
  return { name, record, replace };
}
