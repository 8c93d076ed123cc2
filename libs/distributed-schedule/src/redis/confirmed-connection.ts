import type { Clock } from '../protocol/ports.js';
import { askTerms, type Unconfirmed } from './connection-question.js';
import { type ConnectionRefusal, refusalAfter } from './connection-refusal.js';
import type { ConnectionTerms } from './connection-terms.js';
import { NOT_CONNECTED } from './failure-reason.js';
import type { PipelineReply, StrictClient } from './strict-client.js';

export interface ConfirmedConnectionParts {
  readonly client: StrictClient;
  readonly terms: ConnectionTerms;
  readonly clock: Clock;
  /** How long the server may take to confirm. */
  readonly timeoutMs: number;
}

/** While a server refuses, it is asked again after so long, then after twice as long, and so on. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;

/**
 * A connection that sends nothing of ours before the server has confirmed, on this very connection, which database and
 * which user it has. Otherwise a refused SELECT would have an instance vote in database 0, beside those that vote in the
 * right one: every tick would run twice.
 *
 * A confirmation is void as soon as its connection ends. What comes after it begins anew.
 */
export class ConfirmedConnection {
  readonly #parts: ConfirmedConnectionParts;
  #epoch = 0;
  #confirmedEpoch: number | undefined;
  #asking: Promise<Unconfirmed | undefined> | undefined;
  #refusal: ConnectionRefusal | undefined;
  #endedInVain = 0;
  /** Ends the waiting of an epoch. */
  #ended = new AbortController();

  constructor(parts: ConfirmedConnectionParts) {
    this.#parts = parts;
    const { client } = parts;
    client.on('close', () => {
      this.#epoch += 1;
      this.#endedInVain += 1;
      this.#asking = undefined;
      this.#ended.abort();
      this.#ended = new AbortController();
    });
    client.on('error', (error: unknown) => {
      this.#refusal = refusalAfter(error, this.#refusal);
    });
    client.on('ready', () => {
      // There is nothing to ask a Cluster that is ready.
      if (parts.terms.database === undefined) this.#markConfirmed();
    });
  }

  get status(): string {
    return this.#parts.client.status;
  }

  get isConfirmed(): boolean {
    const isReady = this.#parts.client.status === 'ready';
    return isReady && (this.#parts.terms.database === undefined || this.#confirmedEpoch === this.#epoch);
  }

  /** What the server holds against the database or the user, as of its last answer. */
  get refusal(): ConnectionRefusal | undefined {
    return this.#refusal;
  }

  /** How many connections in a row have ended unconfirmed. ioredis counts those that were not `ready`, which says less. */
  get endedInVain(): number {
    return this.#endedInVain;
  }

  /** Asks the server, unless it has confirmed already. Callers that come meanwhile share the answer. Never rejects. */
  confirm(deadlineMs: number): Promise<Unconfirmed | undefined> {
    if (this.isConfirmed) {
      return Promise.resolve(undefined);
    }
    if (this.status !== 'ready') {
      return Promise.resolve(this.#notConnected());
    }
    if (this.#asking === undefined) {
      const asking = this.#ask(deadlineMs).finally(() => {
        if (this.#asking === asking) this.#asking = undefined;
      });
      this.#asking = asking;
    }
    return this.#asking;
  }

  /**
   * Calls back once per connection, as soon as it is confirmed. A server that refuses is asked again on the same
   * connection, less and less often; one that does not answer loses it.
   */
  onConfirmed(listener: () => void): void {
    this.#parts.client.on('ready', () => void this.#confirmPatiently(listener));
  }

  evalsha(sha1: string, keyCount: number, keysAndArgs: readonly string[]): Promise<unknown> {
    return this.#confirmed().evalsha(sha1, keyCount, keysAndArgs);
  }

  eval(text: string, keyCount: number, keysAndArgs: readonly string[]): Promise<unknown> {
    return this.#confirmed().eval(text, keyCount, keysAndArgs);
  }

  pipeline(commands: readonly (readonly unknown[])[]): { exec(): Promise<PipelineReply | null> } {
    return this.#confirmed().pipeline(commands);
  }

  async subscribe(channel: string): Promise<unknown> {
    return this.#confirmed().subscribe(channel);
  }

  connect(): Promise<void> {
    return this.#parts.client.connect();
  }

  disconnect(): void {
    this.#parts.client.disconnect();
  }

  /** Drops the socket, with whatever is queued in it, and lets the client connect anew. */
  reset(): void {
    const { client } = this.#parts;
    if (client.stream === undefined || client.stream === null) {
      client.disconnect(true);
    } else {
      // Not `disconnect(true)`: that waits for the peer's goodbye, which a frozen server never sends.
      client.stream.destroy();
    }
  }

  on(event: 'ready' | 'close', listener: () => void): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'message', listener: (channel: string, message: string) => void): void;
  on(event: string, listener: (...args: never[]) => void): void {
    this.#parts.client.on(event, listener);
  }

  /** @throws UnconfirmedConnection where the connection has ended, or nobody has asked it yet. Nothing was sent. */
  #confirmed(): StrictClient {
    if (!this.isConfirmed) {
      throw new UnconfirmedConnection();
    }
    return this.#parts.client;
  }

  async #ask(deadlineMs: number): Promise<Unconfirmed | undefined> {
    const { client, terms, clock } = this.#parts;
    const epoch = this.#epoch;
    const unconfirmed = await askTerms(client, terms, clock, deadlineMs);
    if (epoch !== this.#epoch || this.status !== 'ready') {
      return this.#notConnected();
    }
    if (unconfirmed === undefined) {
      this.#markConfirmed();
    } else if (unconfirmed.refusal !== undefined) {
      this.#refusal = unconfirmed.refusal;
    }
    return unconfirmed?.reason === NOT_CONNECTED ? this.#notConnected() : unconfirmed;
  }

  #markConfirmed(): void {
    this.#confirmedEpoch = this.#epoch;
    this.#refusal = undefined;
    this.#endedInVain = 0;
  }

  /** ioredis 5 is `ready` for a moment after it was refused, and ends then. */
  #notConnected(): Unconfirmed {
    return { reason: this.#refusal?.code ?? NOT_CONNECTED };
  }

  async #confirmPatiently(listener: () => void): Promise<void> {
    const { clock, timeoutMs } = this.#parts;
    const epoch = this.#epoch;
    const { signal } = this.#ended;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS)) {
      const unconfirmed = await this.confirm(clock.monotonicMs() + timeoutMs);
      if (epoch !== this.#epoch) return;
      if (unconfirmed === undefined) {
        listener();
        return;
      }
      if (unconfirmed.refusal === undefined) {
        this.reset();
        return;
      }
      await clock.sleepUntil(clock.monotonicMs() + waitMs, signal);
      if (epoch !== this.#epoch) return;
    }
  }
}

/** Read as "not connected" by `failureReason`. */
class UnconfirmedConnection extends Error {
  override readonly message = 'Connection is closed, or not confirmed';
}
