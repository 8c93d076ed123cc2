/** The messages that take claims along with their locks: when they leave, and what the nodes say of the claims. */

import type { LedgerIds } from '../contract/ledger-id.js';
import type { NodeSet } from '../contract/node-set.js';
import type { CarriedClaims, Claim, ClaimReply, NodeReply, VotingNode } from '../contract/ports.js';

type Reply = NodeReply<ClaimReply>;

/** No message has left for it: it has no vote, or cannot be reached. */
const NOT_SENT: Reply = { answered: false, reason: 'its server has no vote' };

class Message {
  readonly reply: Promise<Reply>;
  /** What the node's own book wants to know of it. */
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
  haveLeft = false;
  private readonly messages: ReadonlyMap<string, Message>;

  constructor(
    nodes: readonly VotingNode[],
    readonly claims: readonly Claim[],
    readonly set: NodeSet,
    readonly ids: LedgerIds,
  ) {
    this.messages = new Map(nodes.map((node) => [node.position, new Message(node)]));
  }

  left(position: string, deadlineMs: number): void {
    const message = this.messages.get(position);
    if (message === undefined) return;
    this.haveLeft = true;
    message.noted = message.node.carry?.(this.claims, deadlineMs);
  }

  answered(position: string, reply: Reply): void {
    this.messages.get(position)?.answer(reply);
  }

  /** By node, in order. Of nodes for which no message has left until now, none will. */
  replies(): readonly Promise<Reply>[] {
    return [...this.messages.values()].map((message) => {
      if (message.noted === undefined) message.answer(NOT_SENT);
      return message.reply;
    });
  }
}
