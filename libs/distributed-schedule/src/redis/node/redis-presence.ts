import type { Clock } from '../../protocol/contract/ports.js';
import { codeOfNode, type FailureCode, failureCode, isReply } from '../connection/failure-code.js';
import { QUICK_TRIES } from '../connection/reconnect-delay.js';
import type { StrictConnection } from '../connection/strict-connection.js';
import { unshownPresence, unsubscribedPresence } from '../connection/trouble-words.js';
import type { NodeTrouble } from './node-trouble.js';

interface PresenceParts {
  readonly clock: Clock;
  /** Its own: what is wrong with this connection may be no trouble of the node. */
  readonly trouble: NodeTrouble;
  readonly onLost: () => void;
  readonly onRestored: () => void;
}

/** How often a refused subscription is asked for again on the same connection: rights may be given. */
const ASK_AGAIN_MS = 5_000;

/** The kernel closes a dead process's socket, and the node sees it. A hint: a loss can cost a lock, never double a tick. */
export class RedisPresence {
  private subscribed = false;
  private confirmed = 0;
  private wasLost = false;
  /** What the server has said to the subscription, in a word. */
  private refusal: FailureCode | undefined;
  private isClosed = false;
  private ended = new AbortController();

  constructor(
    private readonly connection: StrictConnection,
    private readonly channel: string,
    private readonly parts: PresenceParts,
  ) {
    const { trouble } = parts;
    connection.onError((error) => trouble.note(codeOfNode(error)));
    connection.on('ready', () => trouble.connected());
    connection.onConfirmed(() => void this.subscribe());
    connection.on('close', () => {
      trouble.hungUp();
      this.ended.abort();
      this.lose();
    });
  }

  get isSubscribed(): boolean {
    return this.subscribed;
  }

  /** Why the node does not see this instance, and what to do, as soon as it is more than a moment's loss. */
  problem(keyPrefix: string): readonly string[] {
    if (this.subscribed) return [];
    if (this.refusal !== undefined) return [unsubscribedPresence(this.refusal, keyPrefix)];
    const { why } = this.parts.trouble;
    return why === undefined || this.connection.tries.count <= QUICK_TRIES ? [] : [unshownPresence(why)];
  }

  /** Grows with every new subscription: an answer about an older one says nothing about this one. */
  get subscriptions(): number {
    return this.confirmed;
  }

  /** The connection for commands stands. Before that, and after a loss of both, this one is not opened. */
  show(): void {
    const { status } = this.connection;
    if (!this.isClosed && (status === 'wait' || status === 'end')) this.connection.connect().catch(() => {});
  }

  /** For a node that says it does not see us although we believe to be subscribed: the socket is half dead. */
  renew(): void {
    if (this.subscribed) {
      this.lose();
      this.connection.reset();
    }
  }

  close(): void {
    this.isClosed = true;
    this.ended.abort();
    this.subscribed = false;
    this.connection.disconnect();
  }

  private async subscribe(): Promise<void> {
    const ended = new AbortController();
    this.ended = ended;
    while (!ended.signal.aborted) {
      try {
        await this.connection.requireConfirmed().subscribe(this.channel);
        return this.shown(ended.signal);
      } catch (error) {
        if (ended.signal.aborted) return;
        // Nothing that the server says of it is mended by another connection.
        this.refusal = isReply(error) ? failureCode(error) : undefined;
        if (this.refusal === undefined) {
          this.parts.trouble.note(failureCode(error));
          return this.connection.reset();
        }
      }
      const { clock } = this.parts;
      await clock.sleepUntil(clock.monotonicMs() + ASK_AGAIN_MS, ended.signal);
    }
  }

  private shown(ended: AbortSignal): void {
    if (ended.aborted) return;
    this.subscribed = true;
    this.refusal = undefined;
    this.parts.trouble.clear();
    this.confirmed += 1;
    this.connection.succeeded();
    if (this.wasLost) {
      this.wasLost = false;
      this.parts.onRestored();
    }
  }

  private lose(): void {
    if (!this.subscribed) return;
    this.subscribed = false;
    this.wasLost = true;
    this.parts.onLost();
  }
}
