import { requireKnownOptions } from '../../protocol/options/option-names.js';
import {
  EXCLUSIVE_OVER_CRON_OPTION_NAMES,
  type ExclusiveOptions,
} from '../../tasks/exclusive-task-options.js';
import { writeExclusiveMetadata } from './exclusive-metadata.accessor.js';
import { type ExclusiveMethodDecorator, exclusiveMethod } from './exclusive-method.decorator.js';
import type { DecoratedMethod } from './method-metadata.js';
import { takeNestSchedule } from './nest-schedule.metadata.js';

const DECORATOR = '@Exclusive';

/**
 * Makes a task of @nestjs/schedule exclusive: the schedule of the method's `@Cron`, `@Interval` or `@Timeout` is taken over,
 * and the plain job is never registered. It may stand above or below them.
 *
 * Expression, `timeZone`, `utcOffset`, `disabled`, `name` and `waitForCompletion` keep their meaning, see
 * {@link CronExclusive}. `threshold`, `unrefTimeout` and `initialDelay` speak of a local timer and have none here. An
 * interval moves to the epoch grid, see {@link IntervalExclusive}; a timeout runs once per deployment, see
 * {@link TimeoutExclusive}, and needs `deploymentKey` in `forRoot`.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_NOT_A_METHOD, DSCHED_UNSTABLE_NAME or
 * DSCHED_DUPLICATE_TASK, while the class is made; DSCHED_NO_SCHEDULE at boot
 */
export function Exclusive(options: ExclusiveOptions = {}): ExclusiveMethodDecorator {
  requireKnownOptions(DECORATOR, options, EXCLUSIVE_OVER_CRON_OPTION_NAMES);
  return exclusiveMethod(DECORATOR, (decorated) => {
    const schedule = takeNestSchedule(decorated.method);
    if (schedule !== undefined) return { options, schedule };
    takeScheduleLater(decorated, options);
    return { options };
  });
}

/**
 * For an @Exclusive below its @Cron, which has not written yet but will by the next microtask: the decorators of a class run in one
 * go. The scan of @nestjs/schedule comes many of them later; should that break, ExclusiveExplorer refuses to boot.
 */
function takeScheduleLater({ prototype, name }: DecoratedMethod, options: ExclusiveOptions): void {
  void Promise.resolve().then(() => {
    // Read again: a decorator in between may have replaced the method.
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof method !== 'function') return;
    const schedule = takeNestSchedule(method);
    if (schedule !== undefined)
      writeExclusiveMetadata({ prototype, name, method }, { decorator: DECORATOR, options, schedule });
  });
}
