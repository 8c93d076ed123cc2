import { requireKnownOptions } from '../../protocol/options/option-names.js';
import type { CronDefinition } from '../../tasks/exclusive-task.js';
import {
  CRON_EXCLUSIVE_OPTION_NAMES,
  type CronExclusiveOptions,
} from '../../tasks/exclusive-task-options.js';
import { type ExclusiveMethodDecorator, exclusiveMethod } from './exclusive-method.decorator.js';
import { factoryIn, isScheduleFactory, type ScheduleFactory } from './schedule-factory.js';

const DECORATOR = '@CronExclusive';

/**
 * Runs the method at every instant of a cron expression, on exactly one instance.
 *
 * Expressions, presets, time zones and daylight saving are those of `@Cron` of @nestjs/schedule, read by the same
 * parser. Without `timeZone` the zone of the process counts; give one where hosts may differ.
 * @param cronTime five fields, or six with seconds first; a `CronExpression`; a preset such as `@daily`; a `Date` or luxon
 * `DateTime`, which is due once. Or where to find one, see {@link ScheduleFactory}
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_NOT_A_METHOD, DSCHED_UNSTABLE_NAME or
 * DSCHED_DUPLICATE_TASK, while the class is made; DSCHED_BAD_SCHEDULE at boot
 */
export function CronExclusive(
  cronTime: CronDefinition['cronTime'] | ScheduleFactory<CronDefinition['cronTime']>,
  options: CronExclusiveOptions = {},
): ExclusiveMethodDecorator {
  requireKnownOptions(DECORATOR, options, CRON_EXCLUSIVE_OPTION_NAMES);
  const { dst, timeZone, utcOffset, waitForCompletion, ...others } = options;
  const { threshold, unrefTimeout, initialDelay, ...taskOptions } = others;
  return exclusiveMethod(DECORATOR, () => ({
    options: taskOptions,
    schedule: {
      kind: 'cron',
      // Replaced by what it gives before anybody reads it.
      cronTime: isScheduleFactory(cronTime) ? '' : cronTime,
      ...{ timeZone, utcOffset, waitForCompletion, threshold, unrefTimeout, initialDelay },
      ...(dst === undefined ? {} : { dst }),
    },
    ...factoryIn(cronTime),
  }));
}
