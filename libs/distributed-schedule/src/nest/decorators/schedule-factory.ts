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
  /** Providers of any module of the app, given to `useFactory` in this order. Not request-scoped ones. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  /** `never` as parameter lets a factory name whatever types it expects. Must not be asynchronous. */
  readonly useFactory: (...injected: never[]) => T | null | false | undefined;
}

export function isScheduleFactory(value: unknown): value is ScheduleFactory<unknown> {
  return typeof value === 'object' && value !== null && 'useFactory' in value;
}

/** A factory gives the value at boot, and stands beside the schedule until then. */
export function factoryIn(value: unknown): { readonly factory?: unknown } {
  return isScheduleFactory(value) ? { factory: value } : {};
}

/** `(name, value)` or `(value)`, and options. A text is a name only before a value: alone it is a bad value of some variable. */
export function readNamedSchedule<Options>(
  first: unknown,
  second: unknown,
  third: unknown,
): { readonly named: { readonly name?: string }; readonly value: unknown; readonly options: Options } {
  return typeof first === 'string' && (typeof second === 'number' || isScheduleFactory(second))
    ? { named: { name: first }, value: second, options: (third ?? {}) as Options }
    : { named: {}, value: first, options: (second ?? {}) as Options };
}
