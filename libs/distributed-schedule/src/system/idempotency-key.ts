import { createHash } from 'node:crypto';

export interface JobName {
  readonly namespace: string;
  readonly app: string;
  readonly key: string;
  /** Distinguishes several units of work under one key. */
  readonly part?: string | undefined;
}

/** 32 hex digits. Half of that would collide about 27 times a year at 1,000 runs a second. */
const KEY_LENGTH = 32;

/** The same for every attempt at one tick: SHA-256 over the parts, each prefixed with its length, cut to 32 hex digits. */
export function idempotencyKey(namespace: string, task: string, tick: number): string {
  return digestOf([namespace, task, String(tick)]);
}

/** Hashed even where the key has 32 hex digits: an UUID without dashes would be one job for all who share a table. */
export function jobIdOf({ namespace, app, key, part = '' }: JobName): string {
  // Five parts, so that no key of an application is the key of a tick.
  return digestOf([namespace, 'once', app, key, part]);
}

function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex').slice(0, KEY_LENGTH);
}
