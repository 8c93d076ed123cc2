import { DistributedScheduleError } from '../protocol/errors.js';
import { harmlessValue } from '../protocol/shown-value.js';

/** The names that are allowed, nested as the options are. `true` marks a value. */
export interface OptionNames {
  readonly [name: string]: true | OptionNames;
}

/** Beyond this many typing errors a suggestion would be a guess. */
const MOST_TYPING_ERRORS = 3;

/** Where the options stand, for the message. */
export type OptionsPlace = string | { readonly place: string; readonly task: string };

/**
 * Refuses names that do not exist. A misspelt option that is ignored is a safety margin that nobody has.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION when `given` is not an object
 */
export function requireKnownOptions(place: OptionsPlace, given: unknown, names: OptionNames): void {
  refuseUnknown(placeOf(place), given, names, names, '');
}

/**
 * Refuses null, which JSON configurations and unset variables turn into: `??` would take it for the default.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION
 */
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

/** Compares whole paths and last names, so that both `leese.ttlMs` and a flat `ttlMs` find `lease.ttlMs`. */
function closestTo(fullName: string, known: readonly string[]): string | undefined {
  const lastName = lastNameOf(fullName);
  const ranked = known
    .map((path) => ({
      path,
      errors: Math.min(
        typingErrors(fullName.toLowerCase(), path.toLowerCase()),
        typingErrors(lastName.toLowerCase(), lastNameOf(path).toLowerCase()),
      ),
    }))
    .sort((a, b) => a.errors - b.errors);
  const best = ranked[0];
  const bearable = Math.min(MOST_TYPING_ERRORS, Math.floor(lastName.length / 2));
  return best !== undefined && best.errors <= bearable ? best.path : undefined;
}

function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Levenshtein distance. */
function typingErrors(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
