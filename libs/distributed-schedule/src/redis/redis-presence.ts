import { failureReason } from './failure-reason.js';
import type { StrictConnection } from './strict-connection.js';

interface PresenceEvents {
  /** The node may take this process for dead from now on. */
  onLost(): void;
  /** The node sees it again. */
  onRestored(): void;
}

/**
 * Shows one node that this process lives: a subscription to a channel of its own. When the process dies, the kernel
 * closes the socket and the channel's count of subscribers drops to 0, long before any time to live has passed.
 *
 * A hint like all membership: losing it while alive can cost a run its lock, never double a tick. Whoever holds locks is
 * told of the loss, since a node that no longer sees a holder may free its locks soon.
 */
export class RedisPresence {
  readonly #connection: StrictConnection;
  readonly #channel: string;
  readonly #onLost: () => void;
  readonly #onRestored: () => void;
  #isSubscribed = false;
  #subscriptions = 0;
  #wasLost = false;
  #isClosed = false;
  #isRefused = false;

  constructor(connection: StrictConnection, channel: string, told: PresenceEvents) {
    this.#connection = connection;
    this.#channel = channel;
    this.#onLost = told.onLost;
    this.#onRestored = told.onRestored;
    // Without a listener ioredis prints every error, host name included. What fails shows in `isSubscribed`.
    connection.on('error', () => {});
    connection.onConfirmed(() => void this.#subscribe());
    connection.on('close', () => this.#lose());
  }

  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** What is missing where access rules refuse the subscription. */
  refusal(keyPrefix: string): readonly string[] {
    if (!this.#isRefused) return [];
    const rights = `+subscribe &${keyPrefix}:presence:*`;
    return [
      `its user may not subscribe, so the death of an instance is noticed late there: ACL SETUSER <user> ${rights}`,
    ];
  }

  /** Grows with every new subscription: an answer about an older one says nothing about this one. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  start(): void {
    this.#connection.connect().catch(() => {});
  }

  /** For a node that says it does not see us although we believe to be subscribed: the socket is half dead. */
  renew(): void {
    if (this.#isSubscribed) {
      this.#lose();
      this.#connection.reset();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#isSubscribed = false;
    this.#connection.disconnect();
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#connection.subscribe(this.#channel);
    } catch (error) {
      // Refused by access rules: this node goes without our presence. Anything else: a new connection tries again.
      this.#isRefused = failureReason(error) === 'NOPERM';
      if (!this.#isRefused && !this.#isClosed) {
        this.#connection.reset();
      }
      return;
    }
    if (this.#isClosed) {
      return;
    }
    this.#isSubscribed = true;
    this.#isRefused = false;
    this.#subscriptions += 1;
    if (this.#wasLost) {
      this.#wasLost = false;
      this.#onRestored();
    }
  }

  #lose(): void {
    if (!this.#isSubscribed) {
      return;
    }
    this.#isSubscribed = false;
    this.#wasLost = true;
    this.#onLost();
  }
}
