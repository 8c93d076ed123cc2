/** An answer, but not later than: what a silent peer never sends must not be waited for. */

import type { Clock } from '../contract/ports.js';
import { Stop } from '../contract/stop.js';

/** Resolves or rejects as `answer` does, or to `late` at `deadlineMs` (monotonic); what comes later is dropped. */
export function within<T, L>(
  clock: Pick<Clock, 'sleepUntil'>,
  deadlineMs: number,
  answer: Promise<T>,
  late: L,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const answered = new Stop();
    void clock.sleepUntil(deadlineMs, answered).then(() => resolve(late));
    answer.then(
      (value) => {
        resolve(value);
        answered.abort('answered');
      },
      (error: unknown) => {
        reject(error);
        answered.abort('answered');
      },
    );
  });
}

/** The same for one of several answers that share a deadline. */
export type Bounded = <T, L>(answer: Promise<T>, late: L) => Promise<T | L>;

/** Answers that share a deadline share a timer. It ends with `use`. */
export async function withDeadline<T>(
  clock: Pick<Clock, 'sleepUntil'>,
  deadlineMs: number,
  use: (bounded: Bounded) => Promise<T>,
): Promise<T> {
  const timer = new Stop();
  const deadline = clock.sleepUntil(deadlineMs, timer);
  try {
    return await use((answer, late) => Promise.race([answer, deadline.then(() => late)]));
  } finally {
    timer.abort('answered');
  }
}
