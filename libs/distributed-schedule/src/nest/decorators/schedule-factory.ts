import type { InjectionToken, OptionalFactoryDependency } from '@nestjs/common';

/**
 * A schedule that the app's configuration decides, in place of an expression or a number:
 *
 * ```ts
 * @CronExclusive({ inject: [ConfigService], useFactory: (config: ConfigService) => config.get('REPORT_CRON') ?? null })
 * ```
 *
 * Asked once, while the app boots. `null` or `false` switches the task off on this instance, as `disabled` does. `undefined`
 * is an error, since a variable that is not set would otherwise switch a task off without a word.
 */
export interface ScheduleFactory<T> {
  /** Providers of the app, whichever module they are in, given to `useFactory` in this order. Not request-scoped ones. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** `never` as parameter lets a factory name whatever types it expects. Must not be asynchronous. */
  readonly useFactory: (...injected: never[]) => T | null | false | undefined;
}

export function isScheduleFactory(value: unknown): value is ScheduleFactory<unknown> {
  return typeof value === 'object' && value !== null && 'useFactory' in value;
}
