import type { Clock, NodeReply } from '../../protocol/contract/ports.js';
import { failureReason, isReply, otherVersionOf, TIMED_OUT } from './failure-reason.js';

/** What came of one message to a node. `receivedMs` is monotonic. */
export type CallResult =
  | { readonly ok: true; readonly value: unknown; readonly sentMs: number; readonly receivedMs: number }
  | ({ readonly ok: false } & CallFailure);

export type CallFailure = Omit<NodeReply<never> & { readonly answered: false }, 'answered'>;

const NO_ANSWER = Symbol('no answer');

/**
 * Sends one message and waits for its reply until a monotonic instant, whatever the client does: a client that is
 * cut off may keep a promise pending for minutes. Never rejects; what comes later is dropped, and only how late it was is told.
 */
export async function callWithin(
  clock: Clock,
  deadlineMs: number,
  send: () => Promise<unknown>,
  onLate: (tookMs: number) => void = () => {},
): Promise<CallResult> {
  const timer = new AbortController();
  const sentMs = clock.monotonicMs();
  try {
    const reply = send().then((value) => ({ value, receivedMs: clock.monotonicMs() }));
    const timeout = clock.sleepUntil(deadlineMs, timer.signal).then(() => NO_ANSWER);
    const first = await Promise.race([reply, timeout]);
    if (typeof first === 'symbol') {
      const late = (): void => onLate(clock.monotonicMs() - sentMs);
      reply.then(late, (error: unknown) => {
        if (isReply(error)) late();
      });
      return { ok: false, reason: TIMED_OUT };
    }
    return { ok: true, value: first.value, sentMs, receivedMs: first.receivedMs };
  } catch (error) {
    const otherVersion = otherVersionOf(error);
    return { ok: false, reason: failureReason(error), ...(otherVersion !== undefined && { otherVersion }) };
  } finally {
    // A reason of its own: the default one is an exception with a stack, made for every message.
    timer.abort('settled');
  }
}
