/** `(name, value)` or `(value)`, as `@Interval` and `@Timeout` take them, with options behind either. */

import { isScheduleFactory } from './schedule-factory.js';

export interface NamedSchedule<T, O> {
  readonly name?: string;
  readonly value: T;
  readonly options: O;
}

/** A text is a name only where a value follows it: alone it is a bad value, and most likely a variable's. */
export function readNamedSchedule<T, O extends object>(
  first: unknown,
  second: unknown,
  third: unknown,
): NamedSchedule<T, O> {
  return typeof first === 'string' && (typeof second === 'number' || isScheduleFactory(second))
    ? { name: first, value: second as T, options: (third ?? {}) as O }
    : { value: first as T, options: (second ?? {}) as O };
}
