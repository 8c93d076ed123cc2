/**
 * The rule of fencing tokens for whatever a run writes to: a write is accepted if and only if no larger token has been seen
 * there. postgres/fenced-update.ts and redis/fenced-set.ts apply it.
 */

import { DistributedScheduleError } from './errors.js';

/**
 * What becomes of a write with the very token that wrote last.
 *
 * - `allow`   it is accepted: a run may write a place more than once (`fence <= token`)
 * - `refuse`  it is not: each run writes a place at most once (`fence < token`)
 */
export type FenceRepeat = 'allow' | 'refuse';

export type FenceVerdict =
  | { readonly kind: 'written' }
  /** A larger token (or, with `refuse`, the same one) has written before: the caller is a stale holder and must stop. */
  | { readonly kind: 'stale'; readonly newest: number }
  /** There is no such row. */
  | { readonly kind: 'missing' };

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function requireToken(token: unknown): asserts token is number {
  if (Number.isSafeInteger(token) && (token as number) >= 0) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    'option token is no fencing token; it takes a whole number from 0, such as `tick.fencingToken`',
    { value: typeof token === 'number' ? token : typeof token },
  );
}
