/** An answer, but not later than: what a silent peer never sends must not be waited for. */

import type { Clock } from '../contract/ports.js';

/** Resolves or rejects as `answer` does, or to `late` at `deadlineMs` (monotonic); what comes later is dropped. */
export async function within<T, L>(
  clock: Pick<Clock, 'sleepUntil'>,
  deadlineMs: number,
  answer: Promise<T>,
  late: L,
): Promise<T | L> {
  const timer = new AbortController();
  try {
    return await Promise.race([answer, clock.sleepUntil(deadlineMs, timer.signal).then(() => late)]);
  } finally {
    // A reason of its own: the default one is an exception with a stack, made for every call.
    timer.abort('answered');
  }
}
