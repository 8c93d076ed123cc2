/**
 * A write is accepted if no larger token was seen there, and no equal one of another claim: the first of two keeps the place.
 */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { oneOf, requireOption } from '../protocol/options/option-spec.js';
import { harmlessValue } from '../protocol/options/shown-value.js';

/**
 * What becomes of a write with the very token and claim that wrote last.
 *
 * - `allow`   it is accepted: a run may write a place more than once
 * - `refuse`  it is not: each run writes a place at most once
 */
export type FenceRepeat = (typeof REPEATS)[number];

/** An instance id of 200 characters and a random part. */
const MAX_CLAIM_ID_CHARS = 512;

const REPEATS = ['allow', 'refuse'] as const;

export type FenceVerdict =
  | { readonly kind: 'written' }
  /** A larger token has written before, or the same one of another claim: the caller is a stale holder and must stop. */
  | { readonly kind: 'stale'; readonly newest: number }
  /** There is no such row. */
  | { readonly kind: 'missing' };

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function requireToken(token: unknown, option = 'token'): asserts token is number {
  if (Number.isSafeInteger(token) && (token as number) >= 0) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} is no fencing token; it takes a whole number from 0, such as \`tick.fencingToken\``,
    { value: typeof token === 'number' ? token : typeof token },
  );
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function requireClaimId(claimId: unknown): asserts claimId is string {
  if (typeof claimId === 'string' && claimId !== '' && claimId.length <= MAX_CLAIM_ID_CHARS) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option claimId is no claim id; it takes a text of 1 to ${MAX_CLAIM_ID_CHARS} characters, such as \`tick.claimId\``,
    { value: harmlessValue(claimId) },
  );
}

/**
 * Refuses misspelt options and a `repeat` that is neither rule: whatever is ignored here is a fence that nobody has.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function requireFenceOptions(
  place: string,
  given: object,
  names: Readonly<Record<string, true>>,
): void {
  requireKnownOptions(place, given, names);
  const { repeat } = given as { readonly repeat?: unknown };
  if (repeat !== undefined) requireOption({ of: place }, 'repeat', repeat, oneOf(REPEATS));
}
