/** What a message of lock-scripts.ts says of one lock. */

import type { ShownClaims } from '../protocol/ports.js';
import { EXTEND_SCRIPT } from './lock-scripts.js';
import type { RedisScript } from './redis-scripts.js';

export interface LockWords {
  readonly value: string;
  readonly ttlMs: number;
  readonly claims?: ShownClaims | undefined;
}

export function wordsOfLock(script: RedisScript, { value, ttlMs, claims }: LockWords): readonly string[] {
  return [value, String(ttlMs), ...(script === EXTEND_SCRIPT ? wordsOfClaims(claims) : [])];
}

function wordsOfClaims(claims: ShownClaims | undefined): readonly [line: string, claims: string] {
  if (claims === undefined) return ['', ''];
  const { line, won, upTo = 0, open } = claims;
  return [line, [won, upTo, ...open].join(' ')];
}
