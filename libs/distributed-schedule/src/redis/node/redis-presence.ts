import type { Clock } from '../../protocol/contract/ports.js';
import { codeOfNode, type FailureCode, failureCode, isReply } from '../connection/failure-code.js';
import { QUICK_TRIES } from '../connection/reconnect-delay.js';
import type { StrictConnection } from '../connection/strict-connection.js';
import { unshownPresence, unsubscribedPresence } from '../connection/trouble-words.js';
import type { NodeTrouble } from './node-trouble.js';

interface PresenceEvents {
  /** The node may take this process for dead from now on. */
  onLost(): void;
  /** The node sees it again. */
  onRestored(): void;
}

interface PresenceParts {
  readonly clock: Clock;
  /** Its own: what is wrong with this connection may be no trouble of the node. */
  readonly trouble: NodeTrouble;
  readonly told: PresenceEvents;
}

/** How often a refused subscription is asked for again on the same connection: rights may be given. */
const ASK_AGAIN_MS = 5_000;

/**
 * Shows one node that this process lives: a subscription to a channel of its own. When the process dies, the kernel
 * closes the socket and the channel's count of subscribers drops to 0, long before any time to live has passed.
 *
 * A hint like all membership: losing it while alive can cost a run its lock, never double a tick. The holder of locks is
 * told of the loss, since a node that no longer sees a holder may free its locks soon.
 *
 * It never knocks on its own: where the connection for commands is not confirmed, nothing is gained by a second one that is
 * refused like the first.
 */
export class RedisPresence {
  private readonly connection: StrictConnection;
  private readonly channel: string;
  private readonly onLost: () => void;
  private readonly onRestored: () => void;
  private subscribed = false;
  private confirmed = 0;
  private wasLost = false;
  /** What the server has said to the subscription, in a word. */
  private refusal: FailureCode | undefined;
  private readonly clock: Clock;
  private readonly trouble: NodeTrouble;
  private isClosed = false;
  /** Ends the asking on a connection that has ended. */
  private ended = new AbortController();

  constructor(connection: StrictConnection, channel: string, parts: PresenceParts) {
    const { clock, trouble, told } = parts;
    this.connection = connection;
    this.clock = clock;
    this.trouble = trouble;
    this.channel = channel;
    this.onLost = told.onLost;
    this.onRestored = told.onRestored;
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
    const { why } = this.trouble;
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
        await this.connection.subscribe(this.channel);
        return this.shown(ended.signal);
      } catch (error) {
        if (ended.signal.aborted) return;
        // Nothing that the server says of it is mended by another connection.
        this.refusal = isReply(error) ? failureCode(error) : undefined;
        if (this.refusal === undefined) {
          this.trouble.note(failureCode(error));
          return this.connection.reset();
        }
      }
      await this.clock.sleepUntil(this.clock.monotonicMs() + ASK_AGAIN_MS, ended.signal);
    }
  }

  private shown(ended: AbortSignal): void {
    if (ended.aborted) return;
    this.subscribed = true;
    this.refusal = undefined;
    this.trouble.clear();
    this.confirmed += 1;
    this.connection.succeeded();
    if (this.wasLost) {
      this.wasLost = false;
      this.onRestored();
    }
  }

  private lose(): void {
    if (!this.subscribed) return;
    this.subscribed = false;
    this.wasLost = true;
    this.onLost();
  }
}
