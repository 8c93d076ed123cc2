/** Payloads travel as JSON, which turns some values into others without a word. */

import { types } from 'node:util';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

const MAX_PAYLOAD_LENGTH = 16_384;

/**
 * A payload as it is now: its caller may change the object later. Nothing where there is none.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION when it is no JSON, or too much of it
 */
export function copyOfPayload(task: string, payload: unknown): { readonly payload?: unknown } {
  return payload === undefined ? {} : { payload: JSON.parse(jsonOf(task, payload)) as unknown };
}

export function jsonOf(task: string, payload: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(payload, function (this: Record<string, unknown>, key: string, value: unknown) {
      // As it stood there: toJSON has made a text of a Date by now, which is meant.
      const lost = lostIn(value) ?? lostIn(this[key]);
      if (lost !== undefined) throw new LostValue(key, lost);
      return value;
    });
  } catch (error) {
    throw badPayload(task, error instanceof LostValue ? error : undefined, error);
  }
  if (text === undefined) throw badPayload(task, undefined, undefined);
  if (text.length > MAX_PAYLOAD_LENGTH) {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `option payload has ${text.length} characters of JSON, and takes at most ${MAX_PAYLOAD_LENGTH}; keep the data in a store of your own ` +
        'and pass a reference to it',
      { task, value: text.length },
    );
  }
  return text;
}

class LostValue extends Error {
  constructor(
    readonly key: string,
    readonly lost: Lost,
  ) {
    super(lost.kind);
  }
}

interface Lost {
  readonly kind: string;
  readonly instead: string;
}

const PLAIN = 'pass plain data';

/** What JSON would make `{}`, `null` or nothing of. */
function lostIn(value: unknown): Lost | undefined {
  switch (typeof value) {
    case 'bigint':
      return { kind: 'a bigint', instead: 'pass String(value)' };
    case 'function':
      return { kind: 'a function', instead: PLAIN };
    case 'symbol':
      return { kind: 'a symbol', instead: PLAIN };
    case 'number':
      return Number.isFinite(value) ? undefined : { kind: String(value), instead: 'leave it out' };
    case 'object':
      return value === null || 'toJSON' in value ? undefined : lostObject(value);
    default:
      return undefined;
  }
}

function lostObject(value: object): Lost | undefined {
  if (types.isMap(value)) return { kind: 'a Map', instead: 'pass Object.fromEntries(map) or [...map]' };
  if (types.isSet(value)) return { kind: 'a Set', instead: 'pass [...set]' };
  if (types.isPromise(value)) return { kind: 'a Promise', instead: 'await it' };
  if (types.isNativeError(value)) return { kind: 'an Error', instead: 'pass its message' };
  if (types.isRegExp(value)) return { kind: 'a RegExp', instead: 'pass its source' };
  if (types.isWeakMap(value) || types.isWeakSet(value)) return { kind: 'a weak collection', instead: PLAIN };
  if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value))
    return { kind: 'bytes', instead: "pass Buffer.from(bytes).toString('base64')" };
  return undefined;
}

/** @param cause what JSON itself has thrown, as of an object that holds itself */
function badPayload(task: string, found: LostValue | undefined, cause: unknown): DistributedScheduleError {
  const place = found === undefined || found.key === '' ? 'is' : `has at ${JSON.stringify(found.key)}`;
  const isCircular =
    found === undefined && cause instanceof TypeError && /circular|cyclic/i.test(cause.message);
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    found === undefined
      ? `option payload is ${isCircular ? 'an object that holds itself' : 'nothing that JSON can express'}, and travels as JSON; ${PLAIN}`
      : `option payload ${place} ${found.lost.kind}, of which JSON keeps nothing; ${found.lost.instead}`,
    { task, value: found?.lost.kind ?? 'no JSON' },
  );
}
