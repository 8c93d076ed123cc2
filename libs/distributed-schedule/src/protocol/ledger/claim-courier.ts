/**
 * Our way to one node, on which no surrendered claim stays. Give-backs go at once, ahead of every later message, and by
 * themselves when the copies' deadline has passed, until the node has certainly acted: unconfirmed-give-backs.ts.
 */

import { MARGIN_MS } from '../contract/constants.js';
import type { Claim, ClaimReply, ClaimTerms, Clock, NodeReply, VotingNode } from '../contract/ports.js';
import { UnconfirmedGiveBacks } from './unconfirmed-give-backs.js';

export interface CourierParts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>;
  /** The longest that a call takes. */
  readonly nodeTimeoutMs: number;
}

const NOTHING_LEFT: NodeReply<void> = {
  answered: false,
  reason: 'it is under way, or goes with the next message',
};

/** The nodes as this instance reaches them. Every call goes through these, or it would overtake a kept give-back. */
export function throughCouriers(nodes: readonly VotingNode[], parts: CourierParts): readonly VotingNode[] {
  return nodes.map((node) => new ClaimCourier(node, parts));
}

export class ClaimCourier implements VotingNode {
  readonly label: string;
  readonly position: string;
  private readonly unconfirmed = new UnconfirmedGiveBacks();
  readonly digestOf?: NonNullable<VotingNode['digestOf']>;
  private isWaiting = false;

  constructor(
    private readonly node: VotingNode,
    private readonly parts: CourierParts,
  ) {
    this.label = node.label;
    this.position = node.position;
    if (node.digestOf !== undefined) this.digestOf = node.digestOf.bind(node);
  }

  async claim(claims: readonly Claim[], terms: ClaimTerms): Promise<NodeReply<ClaimReply>> {
    void this.sendKept();
    const copies = this.unconfirmed.sent(claims, terms.deadlineMs);
    const reply = await this.node.claim(claims, terms);
    if (reply.answered) this.unconfirmed.answered(copies);
    return this.noted(reply);
  }

  carry(claims: readonly Claim[], deadlineMs: number): (reply: NodeReply<ClaimReply>) => void {
    void this.sendKept();
    const copies = this.unconfirmed.sent(claims, deadlineMs);
    return (reply) => {
      if (reply.answered) this.unconfirmed.answered(copies);
      this.noted(reply);
    };
  }

  giveBack(claims: readonly Claim[]): Promise<NodeReply<void>> {
    this.unconfirmed.add(claims);
    return this.sendKept();
  }

  readonly peek: VotingNode['peek'] = (...asked) => this.after(() => this.node.peek(...asked));
  readonly beat: VotingNode['beat'] = (...asked) => this.after(() => this.node.beat(...asked));
  readonly leave: VotingNode['leave'] = (...asked) => this.after(() => this.node.leave(...asked));
  readonly inquire: VotingNode['inquire'] = (...asked) => this.after(() => this.node.inquire(...asked));
  readonly note: VotingNode['note'] = (...asked) => this.after(() => this.node.note(...asked));
  readonly renumber: VotingNode['renumber'] = (...asked) => this.after(() => this.node.renumber(...asked));
  readonly raiseEpoch: VotingNode['raiseEpoch'] = (...asked) =>
    this.after(() => this.node.raiseEpoch(...asked));
  readonly prune: VotingNode['prune'] = (...asked) => this.after(() => this.node.prune(...asked));
  readonly confirm: VotingNode['confirm'] = (...asked) => this.after(() => this.node.confirm(...asked));
  readonly stamp: VotingNode['stamp'] = (...asked) => this.after(() => this.node.stamp(...asked));

  callDeadlineMs(): number {
    return this.node.callDeadlineMs();
  }

  onBack(listener: () => void): void {
    this.node.onBack?.(listener);
  }

  reconnect(): void {
    this.node.reconnect?.();
  }

  private async after<T>(ask: () => Promise<NodeReply<T>>): Promise<NodeReply<T>> {
    void this.sendKept();
    return this.noted(await ask());
  }

  private noted<T>(reply: NodeReply<T>): NodeReply<T> {
    if (reply.answered) this.unconfirmed.passed(reply.nodeTimeMs);
    return reply;
  }

  /** The message has left when this returns its promise: what is sent next comes behind it. */
  private async sendKept(isByItself = false): Promise<NodeReply<void>> {
    const batch = this.unconfirmed.take();
    if (batch === undefined) return NOTHING_LEFT;
    const reply = await this.node.giveBack(batch.claims);
    const leftUntilMs = this.unconfirmed.settle(batch, reply.answered ? reply.nodeTimeMs : undefined);
    if (!reply.answered) {
      // No copy outlives its call by its deadline. Once is enough: a node that is away is asked again with the next beat.
      if (!isByItself) void this.sendLater(this.parts.nodeTimeoutMs);
    } else if (leftUntilMs !== undefined) {
      // At once when the copies' deadline has passed, and for certain when the clock cannot step back behind it any more.
      const deadlineMs = leftUntilMs - MARGIN_MS;
      const againMs = reply.nodeTimeMs <= deadlineMs ? deadlineMs : leftUntilMs;
      void this.sendLater(againMs + 1 - reply.nodeTimeMs);
    }
    return this.noted(reply);
  }

  private async sendLater(inMs: number): Promise<void> {
    // What is kept meanwhile goes with it, or finds out then for how long it has to wait.
    if (this.isWaiting) return;
    this.isWaiting = true;
    const { clock } = this.parts;
    await clock.sleepUntil(clock.monotonicMs() + Math.min(inMs, MAX_WAIT_MS));
    this.isWaiting = false;
    await this.sendKept(true);
  }
}

/** Longest pause before kept give-backs go by themselves; they ride on every message meanwhile. */
const MAX_WAIT_MS = 60_000;
