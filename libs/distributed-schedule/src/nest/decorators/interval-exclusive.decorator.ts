import { requireKnownOptions } from '../../protocol/options/option-names.js';
import { EXCLUSIVE_OPTION_NAMES, type ExclusiveTaskOptions } from '../../tasks/exclusive-task-options.js';
import { type ExclusiveMethodDecorator, exclusiveMethod } from './exclusive-method.decorator.js';
import { factoryIn, readNamedSchedule, type ScheduleFactory } from './schedule-factory.js';

const DECORATOR = '@IntervalExclusive';

/**
 * Runs the method every `periodMs`, on exactly one instance. Takes a name before it, as `@Interval` does.
 *
 * Ticks are the multiples of the period since the epoch, in cluster time. The phase of a plain `@Interval` is the
 * start of its process, on which no two instances could agree.
 * @param periodMs whole milliseconds, at most a year; long enough for `bids.staggerMs` (750 with the defaults). Or
 * where to find them, see {@link ScheduleFactory}
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_NOT_A_METHOD, DSCHED_UNSTABLE_NAME or
 * DSCHED_DUPLICATE_TASK, while the class is made; DSCHED_BAD_SCHEDULE or DSCHED_DURATIONS at boot
 */
export function IntervalExclusive(
  periodMs: number | ScheduleFactory<number>,
  options?: ExclusiveTaskOptions,
): ExclusiveMethodDecorator;
export function IntervalExclusive(
  name: string,
  periodMs: number | ScheduleFactory<number>,
  options?: ExclusiveTaskOptions,
): ExclusiveMethodDecorator;
export function IntervalExclusive(
  first: unknown,
  second?: unknown,
  third?: unknown,
): ExclusiveMethodDecorator {
  const { named, value, options } = readNamedSchedule<ExclusiveTaskOptions>(first, second, third);
  requireKnownOptions(DECORATOR, options, EXCLUSIVE_OPTION_NAMES);
  return exclusiveMethod(DECORATOR, () => ({
    options,
    schedule: { kind: 'interval', periodMs: value, ...named },
    ...factoryIn(value),
  }));
}
