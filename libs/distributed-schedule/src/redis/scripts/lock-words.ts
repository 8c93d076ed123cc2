/** What a message of lock-scripts.ts or release-script.ts says of one lock. */

import type { LineEnds } from '../../protocol/contract/attempt-end.js';
import type { ShownClaims } from '../../protocol/contract/ports.js';
import { EXTEND_SCRIPT } from './lock-scripts.js';
import type { RedisScript } from './redis-scripts.js';
import { RELEASE_SCRIPT } from './release-script.js';

export interface LockWords {
  readonly value: string;
  readonly ttlMs: number;
  readonly claims?: ShownClaims | undefined;
  readonly ended?: LineEnds | undefined;
}

export function wordsOfLock(
  script: RedisScript,
  { value, ttlMs, claims, ended }: LockWords,
): readonly string[] {
  const opening = [value, String(ttlMs)];
  if (script === EXTEND_SCRIPT) return [...opening, ...wordsOfClaims(claims)];
  return script === RELEASE_SCRIPT ? [...opening, ...wordsOfEnds(ended)] : opening;
}

function wordsOfEnds(
  ended: LineEnds | undefined,
): readonly [line: string, mayOverlap: '1' | '', ends: string] {
  if (ended === undefined) return ['', '', ''];
  const words = ended.ends.map(({ instant, outcome, claimId }) => `${instant} ${outcome} ${claimId}`);
  return [ended.line, ended.mayOverlap === true ? '1' : '', words.join('\n')];
}

function wordsOfClaims(claims: ShownClaims | undefined): readonly [line: string, claims: string] {
  if (claims === undefined) return ['', ''];
  const { line, won, upTo = 0, open } = claims;
  return [line, [won, upTo, ...open].join(' ')];
}
