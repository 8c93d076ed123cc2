import type { Clock } from '../protocol/ports.js';
import type { ScriptReply } from './script-channel.js';

export interface ReleasedLock {
  readonly key: string;
  /** Random per acquisition: a release that comes late, or twice, touches no newer lock, not even our own. */
  readonly value: string;
}

/** They travel as one message ahead of a bid: small enough for a slow link within the node timeout. */
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
  /** By value, in the order of their expiry. */
  readonly #remembered = new Map<string, { readonly lock: ReleasedLock; readonly expiresMs: number }>();
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
      // Deleted first, so that the order is also that of the expiries.
      this.#remembered.delete(lock.value);
      this.#remembered.set(lock.value, { lock, expiresMs });
    }
    this.#forgetSurplus();
  }

  /** Sends them all as one message, unless that is under way. */
  async resend(): Promise<void> {
    this.#forgetExpired();
    if (this.#isSending || this.#remembered.size === 0) {
      return;
    }
    this.#isSending = true;
    const locks = [...this.#remembered.values()].map(({ lock }) => lock);
    const reply = await this.#send(locks);
    this.#isSending = false;
    if (reply.answered) {
      for (const { value } of locks) {
        this.#remembered.delete(value);
      }
    }
  }

  /** The oldest go: they would expire first. */
  #forgetSurplus(): void {
    for (const value of this.#remembered.keys()) {
      if (this.#remembered.size <= MOST_UNCONFIRMED) {
        return;
      }
      this.#remembered.delete(value);
    }
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [value, { expiresMs }] of this.#remembered) {
      if (expiresMs > nowMs) {
        return;
      }
      this.#remembered.delete(value);
    }
  }
}
