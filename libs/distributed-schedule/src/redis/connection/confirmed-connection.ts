import { askTerms, confirmPatiently, type Unconfirmed } from './connection-question.js';
import { type ConnectionRefusal, refusalAfter } from './connection-refusal.js';
import { SentinelRounds } from './connection-retries.js';
import type { ConfirmedConnectionParts } from './connection-terms.js';
import { codeOfNode, NOT_CONNECTED } from './failure-code.js';
import { callWithin } from './node-call.js';
import { dropSocket, type StrictClient, UnconfirmedConnection } from './strict-client.js';
import { VainTries } from './vain-tries.js';

/** Sends nothing before the server has confirmed database and user on it: in database 0 an instance would run ticks twice. */
export class ConfirmedConnection {
  private readonly parts: Omit<ConfirmedConnectionParts, 'client'>;
  /** A function, or a log of this object would show the password that the client keeps. */
  private readonly client: () => StrictClient;
  private connectionNumber = 0;
  private confirmedConnection: number | undefined;
  private asking: Promise<Unconfirmed | undefined> | undefined;
  private lastRefusal: ConnectionRefusal | undefined;
  private tookMs = 0;
  readonly sentinels: SentinelRounds;
  readonly tries = new VainTries();
  private readonly errorListeners: ((error: unknown) => void)[] = [];
  private readonly listeners: ((tookMs: number) => void)[] = [];
  /** Ends the waiting of a connection. */
  private ended = new AbortController();

  constructor(parts: ConfirmedConnectionParts) {
    const { client, ...others } = parts;
    const { clock } = parts;
    this.parts = others;
    this.client = () => client;
    client.on('connect', () => this.tries.connected());
    client.on('close', () => {
      this.connectionNumber += 1;
      this.tries.ended(clock.monotonicMs());
      this.asking = undefined;
      this.ended.abort();
      this.ended = new AbortController();
    });
    this.sentinels = new SentinelRounds(client);
    // Without a listener ioredis prints every error, host name included.
    client.on('error', (error: unknown) => {
      if (!this.sentinels.isNews(error)) return;
      this.lastRefusal = refusalAfter(error, this.lastRefusal);
      this.tries.note(codeOfNode(error));
      for (const listener of this.errorListeners) listener(error);
    });
    client.on('ready', () => {
      // There is nothing to ask a Cluster that is ready.
      if (parts.terms.database === undefined) this.markConfirmed(0);
      if (this.listeners.length > 0) void this.tellWhenConfirmed();
    });
  }

  get status(): string {
    return this.client().status;
  }

  get isConfirmed(): boolean {
    const isReady = this.client().status === 'ready';
    return (
      isReady &&
      (this.parts.terms.database === undefined || this.confirmedConnection === this.connectionNumber)
    );
  }

  /** What the server holds against the database or the user, as of its last answer. */
  get refusal(): ConnectionRefusal | undefined {
    return this.lastRefusal;
  }

  /** Confirmed, and not for the moment only: another connection to the same server is worth while. */
  get isDependable(): boolean {
    return this.isConfirmed && !this.tries.isFlapping(this.parts.clock.monotonicMs());
  }

  /** The connection does what it is for. Until then its end is that of a try in vain, however far it had come. */
  succeeded(): void {
    this.tries.succeeded(this.parts.clock.monotonicMs());
  }

  /** Asks the server, unless it has confirmed. Callers share the answer, each until its own deadline. Never rejects. */
  async confirm(deadlineMs: number): Promise<Unconfirmed | undefined> {
    if (this.isConfirmed) return undefined;
    if (this.status !== 'ready') return this.notConnected();
    if (this.asking === undefined) {
      const asking = this.ask().finally(() => {
        if (this.asking === asking) this.asking = undefined;
      });
      this.asking = asking;
    }
    const { clock } = this.parts;
    const asking = this.asking;
    const result = await callWithin(clock, deadlineMs, () => asking);
    return result.ok ? (result.value as Unconfirmed | undefined) : { code: result.code };
  }

  /** Once per connection. A server that refuses is asked again, less and less often; a silent one loses the connection. */
  onConfirmed(listener: (tookMs: number) => void): void {
    this.listeners.push(listener);
  }

  /**
   * The client, for one message at once.
   * @throws UnconfirmedConnection where the connection has ended, or nobody has asked it yet. Nothing was sent.
   */
  requireConfirmed(): StrictClient {
    if (!this.isConfirmed) throw new UnconfirmedConnection();
    return this.client();
  }

  connect(): Promise<void> {
    return this.client().connect();
  }

  disconnect(): void {
    this.client().disconnect();
  }

  /** Drops the socket, with whatever is queued in it, and lets the client connect anew. */
  reset(): void {
    dropSocket(this.client());
  }

  /** The same at the wish of its owner, who bounds how often: nothing is wrong with the connection that would make the next one wait. */
  renew(): void {
    this.tries.leave();
    this.reset();
  }

  on(event: 'ready' | 'close', listener: () => void): void;
  on(event: 'message', listener: (channel: string, message: string) => void): void;
  on(event: string, listener: (...args: never[]) => void): void {
    this.client().on(event, listener);
  }

  onError(listener: (error: unknown) => void): void {
    this.errorListeners.push(listener);
  }

  private async ask(): Promise<Unconfirmed | undefined> {
    const { terms, clock, timeoutMs } = this.parts;
    const asked = this.connectionNumber;
    const askedMs = clock.monotonicMs();
    const unconfirmed = await askTerms(this.client(), terms, clock, askedMs + timeoutMs);
    if (asked !== this.connectionNumber || this.status !== 'ready') return this.notConnected();
    if (unconfirmed === undefined) {
      this.markConfirmed(clock.monotonicMs() - askedMs);
    } else if (unconfirmed.refusal !== undefined) {
      this.lastRefusal = unconfirmed.refusal;
    }
    return unconfirmed?.code === NOT_CONNECTED ? this.notConnected() : unconfirmed;
  }

  private markConfirmed(tookMs: number): void {
    this.confirmedConnection = this.connectionNumber;
    this.lastRefusal = undefined;
    this.tookMs = tookMs;
  }

  /** ioredis 5 is `ready` for a moment after it was refused, and ends then. */
  private notConnected(): Unconfirmed {
    const { lastRefusal: refusal } = this;
    return refusal === undefined ? { code: NOT_CONNECTED } : { code: refusal.code, refusal };
  }

  private async tellWhenConfirmed(): Promise<void> {
    const { clock, timeoutMs } = this.parts;
    const ask = (): Promise<Unconfirmed | undefined> => this.confirm(clock.monotonicMs() + timeoutMs);
    const end = await confirmPatiently(clock, this.ended.signal, ask);
    if (end === 'silent') this.reset();
    if (end === 'confirmed') for (const listener of this.listeners) listener(this.tookMs);
  }
}
