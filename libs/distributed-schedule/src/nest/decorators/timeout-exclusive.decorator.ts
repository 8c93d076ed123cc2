import { requireKnownOptions } from '../../protocol/options/option-names.js';
import {
  TIMEOUT_EXCLUSIVE_OPTION_NAMES,
  type TimeoutExclusiveOptions,
} from '../../tasks/exclusive-task-options.js';
import { type ExclusiveMethodDecorator, exclusiveMethod } from './exclusive-method.decorator.js';
import { factoryIn, readNamedSchedule, type ScheduleFactory } from './schedule-factory.js';

const DECORATOR = '@TimeoutExclusive';

/**
 * Runs the method once per deployment, on exactly one instance, `delayMs` after the first instance of the deployment has
 * booted. Takes a name before it, as `@Timeout` does.
 *
 * A deployment is whatever shares the namespace and the `deploymentKey`, here or in `forRoot`: a commit or a build number
 * has it run once per release, a constant once for ever. A restart with the same key does not run it again. Where no
 * instance can start it when it is due, it is tried again every ten seconds.
 * @param delayMs whole milliseconds, at most a year, rounded up to a tenth of a second. Or where to find them, see
 * {@link ScheduleFactory}
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_NOT_A_METHOD, DSCHED_UNSTABLE_NAME or
 * DSCHED_DUPLICATE_TASK, while the class is made; DSCHED_BAD_SCHEDULE or DSCHED_NO_DEPLOYMENT_KEY at boot
 */
export function TimeoutExclusive(
  delayMs: number | ScheduleFactory<number>,
  options?: TimeoutExclusiveOptions,
): ExclusiveMethodDecorator;
export function TimeoutExclusive(
  name: string,
  delayMs: number | ScheduleFactory<number>,
  options?: TimeoutExclusiveOptions,
): ExclusiveMethodDecorator;
export function TimeoutExclusive(
  first: unknown,
  second?: unknown,
  third?: unknown,
): ExclusiveMethodDecorator {
  const { named, value, options } = readNamedSchedule<TimeoutExclusiveOptions>(first, second, third);
  requireKnownOptions(DECORATOR, options, TIMEOUT_EXCLUSIVE_OPTION_NAMES);
  const { deploymentKey, ...taskOptions } = options;
  return exclusiveMethod(DECORATOR, () => ({
    options: taskOptions,
    schedule: { kind: 'timeout', delayMs: value, deploymentKey, ...named },
    ...factoryIn(value),
  }));
}
