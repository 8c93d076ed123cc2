import { createHash } from 'node:crypto';

/** What a job is told from all others by. */
export interface JobName {
  readonly namespace: string;
  readonly app: string;
  readonly key: string;
  /** Distinguishes several units of work under one key. */
  readonly part?: string | undefined;
}

/** 32 hex digits. Half of that would collide about 27 times a year at 1,000 runs a second. */
const KEY_LENGTH = 32;

/**
 * A key that is the same for every attempt at one tick of one task: SHA-256 over the parts, each prefixed with
 * its length (unprefixed parts would be ambiguous), cut to 32 hex digits.
 */
export function idempotencyKey(namespace: string, task: string, tick: number): string {
  return digestOf([namespace, task, String(tick)]);
}

/**
 * The id of the job that a key stands for in an application of a namespace. A key of 32 hex digits is no id by itself, although the key
 * of a tick would do: an UUID without dashes looks the same, and would be one job for all who share a table.
 */
export function jobIdOf({ namespace, app, key, part = '' }: JobName): string {
  // Five parts, so that no key of an application is the key of a tick.
  return digestOf([namespace, 'once', app, key, part]);
}

function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex').slice(0, KEY_LENGTH);
}
