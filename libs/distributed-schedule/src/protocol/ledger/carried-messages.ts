/** The messages that take claims along with their locks: when they leave, and what the nodes say of the claims. */

import type { LedgerIds } from '../contract/ledger-id.js';
import type { NodeSet } from '../contract/node-set.js';
import type { CarriedClaims, Claim, ClaimReply, NodeReply, VotingNode } from '../contract/ports.js';

type Reply = NodeReply<ClaimReply>;

class Message {
  readonly reply: Promise<Reply>;
  /** What the node's own book wants to know of the answer; undefined until the message has left. */
  noted: ((reply: Reply) => void) | undefined;
  private resolve: (reply: Reply) => void = () => {};

  constructor(readonly node: VotingNode) {
    this.reply = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  answer(reply: Reply): void {
    this.noted?.(reply);
    this.resolve(reply);
  }
}

export class CarriedMessages implements CarriedClaims {
  private readonly messages: ReadonlyMap<string, Message>;
  private isClosed = false;

  constructor(
    nodes: readonly VotingNode[],
    readonly claims: readonly Claim[],
    readonly set: NodeSet,
    readonly ids: LedgerIds,
  ) {
    this.messages = new Map(nodes.map((node) => [node.position, new Message(node)]));
  }

  left(position: string, deadlineMs: number): boolean {
    const message = this.messages.get(position);
    // The verdict is made: what leaves now would be granted to nobody, and given back by nobody.
    if (message === undefined || this.isClosed) return false;
    message.noted = message.node.carry?.(this.claims, deadlineMs);
    return true;
  }

  answered(position: string, reply: Reply): void {
    const message = this.messages.get(position);
    if (message?.noted !== undefined) message.answer(reply);
  }

  /** Whether any has left. From now on none does. */
  close(): boolean {
    this.isClosed = true;
    return [...this.messages.values()].some(({ noted }) => noted !== undefined);
  }

  /** By node, in order. From now on no message leaves. */
  replies(): readonly Promise<Reply>[] {
    this.isClosed = true;
    return [...this.messages.values()].map((message) => {
      if (message.noted === undefined) message.answer(this.notSent());
      return message.reply;
    });
  }

  private notSent(): Reply {
    const votes = this.claims.map(() => ({ kind: 'not_sent' as const }));
    return { answered: true, value: { votes }, nodeTimeMs: 0 };
  }
}
