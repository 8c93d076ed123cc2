/** One table per set of options: name, check, default. Every mistake reads the same: the option, the value, what it takes. */

import { DistributedScheduleError } from '../contract/errors.js';
import { type OptionsPlace, requireKnownOptions, requireNoNull } from './option-names.js';
import { harmlessValue, shownValue } from './shown-value.js';

/** What a value has to be, and how a message says so. */
export interface OptionCheck {
  readonly takes: string | ((value: unknown) => string);
  readonly accepts: (value: unknown) => boolean;
}

export interface OptionRow<Value = unknown> extends OptionCheck {
  readonly default?: Value;
  /** Its value is checked even where it is left out. */
  readonly isRequired?: true;
  /** As users write it, where its path is not its name here. */
  readonly path?: string;
}

export type OptionSpec<Options> = { readonly [Name in keyof Options]-?: OptionRow<Options[Name]> };

/** Left out or undefined: the default counts. */
export type Given<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined };

/** Where an option stands, for the message. */
export interface OptionPlace {
  /** The task that it belongs to. */
  readonly task?: string;
  /** What comes before its name, such as `tasks.`. */
  readonly path?: string;
  /** What takes it, such as `redisSnapshots`. */
  readonly of?: string;
}

/** @param unit plural; '' for a plain number */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER, unit = 'milliseconds'): OptionCheck {
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  return {
    takes: `a whole number${unit === '' ? '' : ` of ${unit}`} from ${min}${upTo}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

export const count = (min: number, max?: number): OptionCheck => whole(min, max, '');

export function between(min: number, max: number): OptionCheck {
  return {
    takes: `a number from ${min} to ${max}`,
    accepts: (value) => typeof value === 'number' && value >= min && value <= max,
  };
}

export function oneOf(values: readonly string[]): OptionCheck {
  const quoted = values.map((value) => `'${value}'`).join(', ');
  return {
    takes: quoted.replace(/, ([^,]*)$/, ' or $1'),
    accepts: (value) => values.includes(value as string),
  };
}

export function text(takes: string, accepts: (value: string) => boolean): OptionCheck {
  return { takes, accepts: (value) => typeof value === 'string' && accepts(value) };
}

export function action(takes: string): OptionCheck {
  return { takes, accepts: (value) => typeof value === 'function' };
}

/** Not `instanceof`: polyfills, other realms and other copies of a package have classes of their own. */
export function methods(...names: readonly string[]): OptionCheck {
  const missing = (value: unknown): readonly string[] =>
    names.filter((name) => typeof Reflect.get(Object(value), name) !== 'function');
  return {
    takes: (value) => `an object with the methods ${names.join(', ')}; missing: ${missing(value).join(', ')}`,
    accepts: (value) => missing(value).length === 0,
  };
}

export const FLAG: OptionCheck = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' };

const MAX_NAME_LENGTH = 200;
// Braces would move the hash tag of a Redis Cluster key; control characters make logs lie.
const FORBIDDEN_IN_NAMES = /[{}\p{Cc}]/u;

/** What can be part of a key. */
export const KEY_PART = text(
  `1 to ${MAX_NAME_LENGTH} characters without braces and control characters`,
  (name) => name !== '' && name.length <= MAX_NAME_LENGTH && !FORBIDDEN_IN_NAMES.test(name),
);

export function optional<Value>(check: OptionCheck, value: Value): OptionRow<Value> {
  return { ...check, default: value };
}

export function required(check: OptionCheck): OptionRow<never> {
  return { ...check, isRequired: true };
}

export function defaultsOf<Options>(spec: OptionSpec<Options>): Options {
  const rows = Object.entries<OptionRow>(spec).filter(([, row]) => row.default !== undefined);
  return Object.freeze(Object.fromEntries(rows.map(([name, row]) => [name, row.default]))) as Options;
}

/** For {@link requireKnownOptions}. */
export function namesOf<Options>(spec: OptionSpec<Options>): { readonly [Name in keyof Options]: true } {
  return Object.fromEntries(Object.keys(spec).map((name) => [name, true])) as {
    [Name in keyof Options]: true;
  };
}

/** Checked, and with defaults; other names are left aside. @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function resolveOptions<Options>(
  place: OptionPlace,
  given: Given<NoInfer<Options>>,
  spec: OptionSpec<Options>,
): Options {
  const resolved = Object.entries<OptionRow>(spec).map(([name, row]) => {
    const raw = (given as Readonly<Record<string, unknown>>)[name];
    const value: unknown = raw === null && row.isRequired ? null : (raw ?? row.default);
    if (value !== undefined || row.isRequired) requireOption(place, row.path ?? name, value, row);
    return [name, value] as const;
  });
  return Object.freeze(Object.fromEntries(resolved.filter(([, value]) => value !== undefined))) as Options;
}

/** Refuses other names. @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION */
export function readOptions<Options>(
  place: OptionPlace & { readonly of: string },
  given: Given<NoInfer<Options>>,
  spec: OptionSpec<Options>,
): Options {
  requireOnly(place, place.of, given, spec);
  return resolveOptions(place, given, spec);
}

/** The same of an option that is an object itself. */
export function readGroup<Options>(
  place: OptionPlace,
  option: string,
  given: Given<NoInfer<Options>>,
  spec: OptionSpec<Options>,
): Options {
  const path = `${place.path ?? ''}${option}`;
  requireOnly(place, path, given, spec);
  return resolveOptions({ ...place, path: `${path}.` }, given, spec);
}

function requireOnly<Options>(
  { task }: OptionPlace,
  place: string,
  given: object,
  spec: OptionSpec<Options>,
): void {
  const where: OptionsPlace = task === undefined ? place : { place, task };
  const names = namesOf(spec);
  requireKnownOptions(where, given, names);
  requireNoNull(where, withDefault(given, spec), names);
}

/** Those that may be left out. What is wrong with null for the others is for their own check to say. */
export function withDefault<Options>(given: object, spec: OptionSpec<Options>): object {
  const rows = new Map(Object.entries<OptionRow>(spec).filter(([, { isRequired }]) => isRequired !== true));
  return Object.fromEntries(Object.entries(given).filter(([name]) => rows.has(name)));
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function requireOption(place: OptionPlace, option: string, value: unknown, check: OptionCheck): void {
  if (check.accepts(value)) return;
  const { takes } = check;
  throw badOption(place, option, value, typeof takes === 'string' ? takes : takes(value));
}

export function badOption(
  { task, path = '', of }: OptionPlace,
  option: string,
  value: unknown,
  takes: string,
): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${path}${option}${of === undefined ? '' : ` of ${of}`} is ${shownValue(value)}; it takes ${takes}`,
    { value: harmlessValue(value), ...(task === undefined ? {} : { task }) },
  );
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION when `name` cannot be part of a key. */
export function requireName(option: string, name: unknown): asserts name is string {
  requireOption({}, option, name, KEY_PART);
}
