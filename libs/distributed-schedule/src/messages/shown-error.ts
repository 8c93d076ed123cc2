/**
 * What the log shows of an error: Node's own `inspect`, as for a plain `@Cron`, but without what was sent, and the passwords in it:
 * the command of ioredis, the request of axios, the parameters of a query.
 */

import { inspect, types } from 'node:util';

/** Names of properties that carry secrets, or whatever was sent to a server. */
const MAY_BE_SECRET =
  /passw|passphrase|secret|token|credential|authori[sz]ation|cookie|api_?-?key|private_?-?key|^(?:auth|pwd|key|command|args|argv|config|request|req|response|res|headers|options|query|sql|parameters|params|body|data|env)$/i;

/** In URLs of stores up to the last `@`: people forget to encode a slash. In others an `@` behind a slash is a folder. */
const STORE_CREDENTIALS =
  /\b((?:rediss?|postgres(?:ql)?|mysql|mariadb|sqlserver|mongodb(?:\+srv)?|amqps?|nats|sentinel):\/\/)\S*@/gi;
const OTHER_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi;

const HIDDEN = { [inspect.custom]: () => '[not shown]' };

/** A log line is no dump: how far into a value it looks. */
const DEEPEST = 3;
const MAX_ENTRIES = 20;
const MAX_CAUSES = 5;
const MAX_ERRORS = 5;
const MAX_TEXT = 1_000;

/** One line: name, message and code, then the same of its causes, or of the errors that it holds. Never throws. */
export function describeError(error: unknown): string {
  return orUnshown(() => describe(error, new Set()));
}

/** The stack with causes, held errors and own properties. Undefined where there is no stack. Never throws. */
export function detailsOf(error: unknown): string | undefined {
  return orUnshown(() => (types.isNativeError(error) || error instanceof Error ? shown(error) : undefined));
}

/** A getter or a proxy of a user can throw, and the line must come all the same. */
function orUnshown<T>(show: () => T): T | string {
  try {
    return show();
  } catch {
    return 'a value that cannot be shown';
  }
}

function describe(error: unknown, seen: Set<unknown>): string {
  if (error === undefined || error === null) return `${error}, which says nothing of the reason`;
  if (!isError(error)) return `${classNameOf(error)}${shown(error)}`;
  seen.add(error);
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const message = textOf(error.message);
  const name = textOf(error.name);
  const coded = typeof code === 'string' || typeof code === 'number' ? ` (code ${code})` : '';
  // The code of this library's own errors begins their message.
  const isSaid = coded !== '' && message.includes(String(code)) && message.startsWith(String(code));
  const line = `${name}${message === '' ? '' : `: ${message}`}${isSaid ? '' : coded}${heldBy(error, seen)}`;
  if (cause === undefined || seen.has(cause) || seen.size > MAX_CAUSES) return line;
  return `${line}, caused by ${describe(cause, seen)}`;
}

/** Of a thrown object that is no plain one. */
function classNameOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || Array.isArray(thrown)) return '';
  const made: unknown = thrown.constructor;
  return typeof made === 'function' && made !== Object ? `${made.name} ` : '';
}

function heldBy(error: Error, seen: Set<unknown>): string {
  const { errors } = error as { errors?: unknown };
  if (!Array.isArray(errors) || errors.length === 0) return '';
  const lines = errors
    .slice(0, MAX_ERRORS)
    .filter((one) => !seen.has(one))
    .map((one, index) => `${index + 1}. ${describe(one, new Set(seen))}`);
  if (errors.length > MAX_ERRORS) lines.push(`and ${errors.length - MAX_ERRORS} more`);
  return ` [${lines.join('; ')}]`;
}

function shown(value: unknown): string {
  return inspect(harmless(value, 0, new Map()), {
    depth: DEEPEST + MAX_CAUSES,
    breakLength: 120,
    compact: 3,
    maxArrayLength: MAX_ENTRIES,
    maxStringLength: MAX_TEXT,
    getters: false,
  });
}

/** A copy without secrets. `copies` has what was copied: an error may be its own cause. */
function harmless(value: unknown, depth: number, copies: Map<object, unknown>): unknown {
  if (typeof value === 'string') return withoutCredentials(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? HIDDEN : value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (depth > MAX_CAUSES) return HIDDEN;
  if (isError(value)) return copyOfError(value, depth, copies);
  if (types.isDate(value)) return value;
  if (depth >= DEEPEST) return HIDDEN;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const entry of value.slice(0, MAX_ENTRIES)) list.push(harmless(entry, depth + 1, copies));
    return list;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // What a class keeps inside is not meant to be seen, unless it was thrown itself.
  if (prototype !== Object.prototype && prototype !== null && depth > 0) return HIDDEN;
  const copy = {};
  copies.set(value, copy);
  copyProperties(value, copy, depth, copies);
  return copy;
}

/** An error again, so that `inspect` shows stack, causes and own properties in the way that people know. */
function copyOfError(error: Error, depth: number, copies: Map<object, unknown>): Error {
  const copy = new Error(withoutCredentials(textOf(error.message)));
  copies.set(error, copy);
  const name = textOf(error.name);
  const stack = textOf(error.stack ?? `${name}: ${copy.message}`);
  // It is written before a class has given its errors their name.
  define(copy, 'stack', stack.replace(/^Error\b(?! \[)/, name));
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  if (cause !== undefined && depth < MAX_CAUSES) define(copy, 'cause', harmless(cause, depth + 1, copies));
  if (Array.isArray(errors) && depth < DEEPEST) {
    define(
      copy,
      'errors',
      errors.slice(0, MAX_ENTRIES).map((one) => harmless(one, depth + 1, copies)),
    );
  }
  copyProperties(error, copy, depth, copies);
  return copy;
}

function copyProperties(from: object, to: object, depth: number, copies: Map<object, unknown>): void {
  for (const key of Object.keys(from).slice(0, MAX_ENTRIES)) {
    if (Object.hasOwn(to, key) || (isError(to) && key === 'name')) continue;
    const value: unknown = MAY_BE_SECRET.test(key)
      ? HIDDEN
      : harmless(Reflect.get(from, key), depth + 1, copies);
    Object.defineProperty(to, key, { value, enumerable: true });
  }
}

function define(copy: Error, key: string, value: unknown): void {
  Object.defineProperty(copy, key, { value, enumerable: false, configurable: true, writable: true });
}

/** Of another realm too, as under Jest, where `instanceof` fails. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? withoutCredentials(value) : String(value);
}

function withoutCredentials(text: string): string {
  return text.replace(STORE_CREDENTIALS, '$1***@').replace(OTHER_CREDENTIALS, '$1***@');
}
