/** Small texts under keys; the newest stamp counts. Merging picks the newer record, so order, repeats and routes do not matter. */

import { DistributedScheduleError } from '../contract/errors.js';
import { shownValue } from '../options/shown-value.js';

/** When a record was written, in an order that all agree on: by `ms`, then `counter`, then `writer`. */
export interface Stamp {
  /** Epoch ms of cluster time. */
  readonly ms: number;
  /** Tells records of one millisecond apart. */
  readonly counter: number;
  /** 12 hex digits of its writer; settles what is left. */
  readonly writer: string;
}

export interface BoardRecord {
  readonly key: string;
  /** JSON text; `''` where the key was deleted, which has to be remembered for a while. */
  readonly value: string;
  readonly stamp: Stamp;
  /** Epoch ms of cluster time from which the record is gone; undefined: it stays. */
  readonly expiresAtMs: number | undefined;
}

/** A record as those see it that read the board. */
export interface BoardEntry {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  /** When it was written, epoch ms of cluster time. */
  readonly writtenMs: number;
  /** When it goes by itself, epoch ms of cluster time; undefined: it stays. */
  readonly expiresAtMs: number | undefined;
}

export function entryOf({ key, value, stamp, expiresAtMs }: BoardRecord): BoardEntry {
  return { key, value, writtenMs: stamp.ms, expiresAtMs };
}

/** The value of a deleted key. */
export const DELETED = '';

/** An instance exchanges news with each node at least so often: a change is seen everywhere in about a second. */
export const BOARD_PERIOD_MS = 1_050;

/** A beat takes an exchange along that is due within half a period, and beats come once a second: so there is one message, not two. */
export const BOARD_JOINS_AFTER_MS = BOARD_PERIOD_MS / 2;

/** Characters of a value at most. */
export const MAX_VALUE_LENGTH = 32_768;

/** Of one exchange, either way. What is left goes with the next one, at once. */
export const MAX_PUTS = 200;
export const MAX_CHANGES = 500;
/** Characters of one exchange, either way; a single record may exceed it. */
export const MAX_EXCHANGE_LENGTH = 262_144;

/** As long as a task's name with a prefix. */
const MAX_KEY_LENGTH = 300;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const FORBIDDEN_IN_KEYS = /[\u0000-\u001f\u007f{}]/;

/** Positive where `one` is newer, 0 where they are the same. */
export function compareStamps(one: Stamp, other: Stamp): number {
  if (one.ms !== other.ms) return one.ms - other.ms;
  if (one.counter !== other.counter) return one.counter - other.counter;
  if (one.writer === other.writer) return 0;
  return one.writer > other.writer ? 1 : -1;
}

export function isNewer(one: Stamp, other: Stamp | undefined): boolean {
  return other === undefined || compareStamps(one, other) > 0;
}

export function isExpired({ expiresAtMs }: BoardRecord, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

/** @throws DistributedScheduleError DSCHED_BOARD_LIMIT */
export function requireRecordSize(key: string, value: string): void {
  if (key === '' || key.length > MAX_KEY_LENGTH || FORBIDDEN_IN_KEYS.test(key)) {
    throw new DistributedScheduleError(
      'DSCHED_BOARD_LIMIT',
      `the key ${shownValue(key)} cannot be used; it takes 1 to ${MAX_KEY_LENGTH} characters without braces and control ` +
        'characters',
      { value: key.slice(0, MAX_KEY_LENGTH) },
    );
  }
  if (value.length > MAX_VALUE_LENGTH) {
    throw new DistributedScheduleError(
      'DSCHED_BOARD_LIMIT',
      `the record '${key}' has ${value.length} characters; at most ${MAX_VALUE_LENGTH} are kept. Store it elsewhere and ` +
        'pass a reference',
      { value: value.length },
    );
  }
}
