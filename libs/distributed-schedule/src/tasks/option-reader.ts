import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import { type OptionNames, requireKnownOptions, requireNoNull } from './option-names.js';

/** Where the options stand that are read. */
export interface OptionPlace {
  /** The task that they belong to. */
  readonly task?: string;
  /** What comes before their names in messages, such as `tasks.`. */
  readonly path?: string;
}

/**
 * Checks values that may come from JavaScript, one by one. All methods throw a DistributedScheduleError with the task, the
 * option, the value and what it takes.
 */
export class OptionReader {
  constructor(private readonly place: OptionPlace) {}

  requireOneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): asserts value is T {
    if (!allowed.some((name) => name === value)) {
      throw this.bad(
        option,
        value,
        allowed
          .map((name) => `'${name}'`)
          .join(', ')
          .replace(/, ([^,]*)$/, ' or $1'),
      );
    }
  }

  requireWhole(option: string, value: unknown, least: number, most: number, unit = 'milliseconds'): void {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
      throw this.bad(option, value, `a whole number of ${unit} from ${least} to ${most}`);
    }
  }

  requireNumber(option: string, value: unknown, least: number, most: number): void {
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw this.bad(option, value, `a number from ${least} to ${most}`);
    }
  }

  requireBoolean(option: string, value: unknown): asserts value is boolean {
    if (typeof value !== 'boolean') throw this.bad(option, value, 'true or false');
  }

  /** An object with known names, none of them null. */
  requireGroup(option: string, value: object, names: OptionNames): void {
    const { task, path = '' } = this.place;
    const place = `${path}${option}`;
    requireKnownOptions(task === undefined ? place : { place, task }, value, names);
    requireNoNull(task === undefined ? place : { place, task }, value, names);
  }

  bad(option: string, value: unknown, expected: string): DistributedScheduleError {
    const { task, path = '' } = this.place;
    return new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `option ${path}${option} is ${shownValue(value)}; it takes ${expected}`,
      { value: harmlessValue(value), ...(task === undefined ? {} : { task }) },
    );
  }

  contradiction(message: string, value: unknown): DistributedScheduleError {
    const { task } = this.place;
    return new DistributedScheduleError('DSCHED_DURATIONS', message, {
      value,
      ...(task === undefined ? {} : { task }),
    });
  }
}
