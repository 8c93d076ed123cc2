import type { Clock } from '../protocol/ports.js';
import type { ScriptReply } from './script-channel.js';

export interface ReleasedLock {
  readonly key: string;
  /** Random per acquisition: a release that comes late, or twice, touches no newer lock, not even our own. */
  readonly value: string;
}

/** Released when a thousand tasks end at the moment of a loss; one script call with so many takes a node a few ms. */
export const MOST_UNCONFIRMED = 1_000;

/**
 * The releases that one node has not acknowledged: it was not connected, did not answer in time or answered with an error.
 *
 * They are sent again when it is back. Without that, a connection that is lost for 100 ms in a run of 50 ms costs the
 * task all ticks of a time to live: the holder is alive and seen, so that nobody may free the lock that it has left.
 *
 * Passive: no timer, and nobody waits for it. What is still here when the connections close expires on the node.
 */
export class UnconfirmedReleases {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #send: (locks: readonly ReleasedLock[]) => Promise<ScriptReply>;
  /** By value, in the order in which they came. */
  readonly #expiries = new Map<string, { readonly lock: ReleasedLock; readonly expiresMs: number }>();
  #isSending = false;

  constructor(
    clock: Pick<Clock, 'monotonicMs'>,
    /** One message for all of them. Never rejects. */
    send: (locks: readonly ReleasedLock[]) => Promise<ScriptReply>,
  ) {
    this.#clock = clock;
    this.#send = send;
  }

  /** `ttlMs`: how long each lock may have to live at most. */
  add(locks: readonly ReleasedLock[], ttlMs: number): void {
    this.#forgetExpired();
    const expiresMs = this.#clock.monotonicMs() + ttlMs;
    for (const lock of locks) {
      // The first ones stay. They are from the moment of the loss; the later ones are mostly of locks for which the
      // node could not even be asked.
      if (this.#expiries.size < MOST_UNCONFIRMED) {
        this.#expiries.set(lock.value, { lock, expiresMs });
      }
    }
  }

  /** Sends them all as one message, unless that is under way. */
  async resend(): Promise<void> {
    this.#forgetExpired();
    if (this.#isSending || this.#expiries.size === 0) {
      return;
    }
    this.#isSending = true;
    const locks = [...this.#expiries.values()].map(({ lock }) => lock);
    const reply = await this.#send(locks);
    this.#isSending = false;
    if (reply.answered) {
      for (const { value } of locks) {
        this.#expiries.delete(value);
      }
    }
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [value, { expiresMs }] of this.#expiries) {
      if (expiresMs > nowMs) {
        return;
      }
      this.#expiries.delete(value);
    }
  }
}
