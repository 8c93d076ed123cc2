/**
 * Temporary: stands where the electorate of an instance will stand. It brings nodes up by itself whenever they refuse,
 * without any of the rules that make this safe between instances.
 */

import type { ClaimTerms, NodeReply, VotingNode } from '../ports.js';
import { bringUp } from './bring-up.js';
import type { LedgerId } from './ledger-id.js';
import type { BeatSign, NodeIdentity } from './node-identity.js';
import type { NodeSet } from './node-set.js';

/** What the ledger and the membership ask about the set and the ids of its nodes. */
export interface ElectorateView {
  /** Under which terms this node is to be asked for a vote. */
  terms(node: VotingNode): ClaimTerms;
  /** What the next beat says. */
  sign(): BeatSign;
  /** A node has answered a beat. */
  heard?(node: VotingNode, identity: NodeIdentity): void;
  /** Nodes have refused every claim of a message: undefined when there is no point in asking again. */
  mend?(): Promise<void>;
}

export class MakeshiftElectorate implements ElectorateView {
  private ids: Record<string, LedgerId> = {};

  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly set: NodeSet = setOfNodes(nodes),
  ) {}

  terms(node: VotingNode): ClaimTerms {
    return { set: this.set, ids: this.ids, deadlineMs: node.callDeadlineMs() };
  }

  sign(): BeatSign {
    return { set: this.set, app: 'app', standsSinceMs: 0, yields: false, ids: this.ids };
  }

  heard({ position }: VotingNode, { id }: NodeIdentity): void {
    this.ids = { ...this.ids, [position]: id };
  }

  async mend(): Promise<void> {
    this.ids = { ...(await bringUp(this.nodes, this.set)) };
  }
}

export function setOfNodes(nodes: readonly VotingNode[], leaseTtlMs = 3_000): NodeSet {
  return { generation: 1, positions: nodes.map(({ position }) => position).sort(), leaseTtlMs };
}

/** Whether a node's refusal of a whole message may be mended. */
export function isMendable(
  reply: NodeReply<{ readonly votes: readonly { readonly kind: string }[] }>,
): boolean {
  const kind = reply.answered ? reply.value.votes[0]?.kind : undefined;
  return kind === 'unstamped' || kind === 'renamed' || kind === 'unconfirmed';
}
