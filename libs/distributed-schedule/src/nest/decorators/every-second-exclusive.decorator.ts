import { EXCLUSIVE_OPTION_NAMES, type ExclusiveTaskOptions } from '../../tasks/exclusive-task-options.js';
import { type ExclusiveMethodDecorator, exclusiveMethod } from './exclusive-method.decorator.js';

const DECORATOR = '@EverySecondExclusive';

/**
 * Runs the method once a second, on the boundary of the second in cluster time, on exactly one instance.
 *
 * The method is given a {@link TickContext}. What it returns is awaited; while it runs, later ticks of the task
 * end as `overlap`.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_NOT_A_METHOD, DSCHED_UNSTABLE_NAME or
 * DSCHED_DUPLICATE_TASK, while the class is made
 */
export function EverySecondExclusive(options: ExclusiveTaskOptions = {}): ExclusiveMethodDecorator {
  const given = { options, names: EXCLUSIVE_OPTION_NAMES };
  return exclusiveMethod(DECORATOR, given, () => ({ options, schedule: { kind: 'every_second' } }));
}
