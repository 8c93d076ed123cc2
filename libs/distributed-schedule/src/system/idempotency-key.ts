import { createHash } from 'node:crypto';

/** 32 hex digits. Half of that would collide about 27 times a year at 1,000 runs a second. */
const KEY_LENGTH = 32;

/**
 * A key that is the same for every attempt at one tick of one task: SHA-256 over the parts, each prefixed with
 * its length (unprefixed parts would be ambiguous), cut to 32 hex digits.
 */
export function idempotencyKey(namespace: string, task: string, tick: number): string {
  const hash = createHash('sha256');
  for (const part of [namespace, task, String(tick)]) {
    hash.update(`${Buffer.byteLength(part)}:${part}`);
  }
  return hash.digest('hex').slice(0, KEY_LENGTH);
}
