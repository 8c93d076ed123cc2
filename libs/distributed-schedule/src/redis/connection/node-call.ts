import type { Clock } from '../../protocol/contract/ports.js';
import { within } from '../../protocol/time/within.js';
import { type FailureCode, failureCode, isReply, otherVersionOf, TIMED_OUT } from './failure-code.js';

export type CallResult =
  | { readonly ok: true; readonly value: unknown; readonly sentMs: number; readonly receivedMs: number }
  | ({ readonly ok: false } & CallFailure);

export interface CallFailure {
  readonly code: FailureCode;
  /** Another version of the protocol has written there: this one. */
  readonly otherVersion?: number;
}

const NO_ANSWER = Symbol('no answer');

/** After a busy stretch timers run before sockets are read: what has arrived meanwhile is not late. */
function unlessArrived<T>(reply: Promise<T>): Promise<T | typeof NO_ANSWER> {
  // Callbacks of setImmediate run after the sockets have been read.
  const read = new Promise<typeof NO_ANSWER>((resolve) => setImmediate(() => resolve(NO_ANSWER)));
  return Promise.race([reply, read]);
}

/** Never rejects. Not longer than the deadline (monotonic): a cut-off client may keep a promise pending for minutes. */
export async function callWithin(
  clock: Clock,
  deadlineMs: number,
  send: () => Promise<unknown>,
  onLate: (tookMs: number) => void = () => {},
): Promise<CallResult> {
  const sentMs = clock.monotonicMs();
  try {
    const reply = send().then((value) => ({ value, receivedMs: clock.monotonicMs() }));
    const inTime = await within(clock, deadlineMs, reply, NO_ANSWER);
    const first = typeof inTime === 'symbol' ? await unlessArrived(reply) : inTime;
    if (typeof first === 'symbol') {
      const late = (): void => onLate(clock.monotonicMs() - sentMs);
      reply.then(late, (error: unknown) => {
        if (isReply(error)) late();
      });
      return { ok: false, code: TIMED_OUT };
    }
    return { ok: true, value: first.value, sentMs, receivedMs: first.receivedMs };
  } catch (error) {
    const otherVersion = otherVersionOf(error);
    return { ok: false, code: failureCode(error), ...(otherVersion !== undefined && { otherVersion }) };
  }
}
