import type { Clock } from '../../protocol/contract/ports.js';
import type { Unconfirmed } from './connection-question.js';

/** While a server refuses, it is asked again after so long, then after twice as long, and so on, on the same connection. */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * Asks until a connection is confirmed, has ended, or does not answer.
 * @param ended aborts when the connection ends
 */
export async function confirmPatiently(
  clock: Clock,
  ended: AbortSignal,
  ask: () => Promise<Unconfirmed | undefined>,
): Promise<'confirmed' | 'silent' | 'ended'> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
    const unconfirmed = await ask();
    if (ended.aborted) return 'ended';
    if (unconfirmed === undefined) return 'confirmed';
    if (unconfirmed.refusal === undefined) return 'silent';
    await clock.sleepUntil(clock.monotonicMs() + waitMs, ended);
    if (ended.aborted) return 'ended';
  }
}
