import { DistributedScheduleError } from '../contract/errors.js';
import { closest, typingErrors } from './closest-name.js';
import { harmlessValue } from './shown-value.js';

/** The names that are allowed, nested as the options are. `true` marks a value. */
export interface OptionNames {
  readonly [name: string]: true | OptionNames;
}

/** Where the options stand, for the message. */
export type OptionsPlace = string | { readonly place: string; readonly task: string };

/** A misspelt option that is ignored is a safety margin that nobody has. @throws DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION */
export function requireKnownOptions(place: OptionsPlace, given: unknown, names: OptionNames): void {
  refuseUnknown(placeOf(place), given, names, names, '');
}

/** JSON and unset variables give null, which `??` would take for the default. @throws DSCHED_BAD_OPTION */
export function requireNoNull(place: OptionsPlace, given: object, names: OptionNames, path = ''): void {
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === null) {
      const { text, task } = placeOf(place);
      throw new DistributedScheduleError(
        'DSCHED_BAD_OPTION',
        `option ${path}${name} of ${text} is null; leave it out for its default`,
        { value, ...task },
      );
    }
    const group = names[name];
    if (typeof group === 'object') requireNoNull(place, Object(value), group, `${path}${name}.`);
  }
}

interface Place {
  readonly text: string;
  /** Spread into the details of an error. */
  readonly task: { readonly task?: string };
}

function placeOf(place: OptionsPlace): Place {
  return typeof place === 'string'
    ? { text: place, task: {} }
    : { text: place.place, task: { task: place.task } };
}

function refuseUnknown(
  place: Place,
  given: unknown,
  names: OptionNames,
  all: OptionNames,
  path: string,
): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `${path === '' ? `the options of ${place.text}` : `option ${path} of ${place.text}`} must be an object`,
      // Its kind only: what is given in place of an object may be the URL that was meant for `redis`.
      { value: given === null ? 'null' : typeof given, ...place.task },
    );
  }
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(names, name) ? names[name] : undefined;
    const fullName = path === '' ? name : `${path}.${name}`;
    if (known === undefined) throw unknownOption(place, fullName, all);
    if (known !== true && value !== undefined) refuseUnknown(place, value, known, all, fullName);
  }
}

function unknownOption(place: Place, fullName: string, all: OptionNames): DistributedScheduleError {
  const known = pathsOf(all);
  const meant = closestTo(fullName, known);
  return new DistributedScheduleError(
    'DSCHED_UNKNOWN_OPTION',
    `${place.text} has no option '${String(harmlessValue(fullName))}'. ` +
      (meant === undefined ? `It takes ${known.join(', ')}.` : `Did you mean '${meant}'?`),
    { value: harmlessValue(fullName), ...place.task },
  );
}

function pathsOf(names: OptionNames, path = ''): string[] {
  return Object.entries(names).flatMap(([name, inner]) =>
    inner === true ? [`${path}${name}`] : pathsOf(inner, `${path}${name}.`),
  );
}

/** What other libraries call an option. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  url: 'redis',
  urls: 'redis',
  nodes: 'redis',
  connection: 'redis',
  client: 'redis',
  prefix: 'namespace',
  keyPrefix: 'namespace',
};

/** By whole path and by last name: `leese.ttlMs` and `ttlMs` find `lease.ttlMs`. A missing unit counts as right. */
function closestTo(fullName: string, known: readonly string[]): string | undefined {
  const foreign = FOREIGN_NAMES[fullName];
  if (foreign !== undefined && known.includes(foreign)) return foreign;
  const withoutUnit = known.filter((path) => [path, lastNameOf(path)].includes(`${fullName}Ms`));
  const [meant] = withoutUnit;
  if (meant !== undefined && withoutUnit.length === 1) return meant;
  const lastName = lastNameOf(fullName);
  return closest(lastName, known, (path) =>
    Math.min(typingErrors(fullName, path), typingErrors(lastName, lastNameOf(path))),
  );
}

function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
