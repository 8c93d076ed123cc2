/** An answer, but not later than: what a silent peer never sends must not be waited for. */

import type { Clock } from '../contract/ports.js';

/** Resolves or rejects as `answer` does, or to `late` at `deadlineMs` (monotonic); what comes later is dropped. */
export function within<T, L>(
  clock: Pick<Clock, 'sleepUntil'>,
  deadlineMs: number,
  answer: Promise<T>,
  late: L,
): Promise<T | L> {
  return withDeadline(clock, deadlineMs, (bounded) => bounded(answer, late));
}

/** The same for one of several answers that share a deadline. */
export type Bounded = <T, L>(answer: Promise<T>, late: L) => Promise<T | L>;

/** Answers that share a deadline share a timer. It ends with `use`. */
export async function withDeadline<T>(
  clock: Pick<Clock, 'sleepUntil'>,
  deadlineMs: number,
  use: (bounded: Bounded) => Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  const deadline = clock.sleepUntil(deadlineMs, timer.signal);
  try {
    return await use((answer, late) => Promise.race([answer, deadline.then(() => late)]));
  } finally {
    // A reason of its own: the default one is an exception with a stack, made for every call.
    timer.abort('answered');
  }
}
