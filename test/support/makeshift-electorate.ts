/**
 * Stands where the electorate of an instance stands, in tests of something else. It brings nodes up by itself whenever they
 * refuse, without any of the rules that make this safe between instances.
 */

import type { ElectorateView, SentBeat } from '#src/protocol/contract/electorate-view.js';
import type { LedgerId, LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { NodeSet } from '#src/protocol/contract/node-set.js';
import type { BeatReply, ClaimTerms, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { bringUp } from './bring-up.js';

export class MakeshiftElectorate implements ElectorateView {
  private ids: Record<string, LedgerId> = {};

  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly set: NodeSet = setOfNodes(nodes),
  ) {}

  namedIds(): LedgerIds {
    return this.ids;
  }

  terms(node: VotingNode, ids: LedgerIds): ClaimTerms {
    return { set: this.set, ids, deadlineMs: node.callDeadlineMs() };
  }

  renamed(): void {}

  sendBeat(): SentBeat {
    const sign = { set: this.set, app: 'app', standsSinceMs: 0, yields: false, ids: this.ids };
    return { sign, sentMs: 0, sentWallMs: 0, wishes: 0 };
  }

  heard(_beat: SentBeat, replies: readonly NodeReply<BeatReply>[]): void {
    for (const [index, { position }] of this.nodes.entries()) {
      const reply = replies[index];
      if (reply?.answered) this.ids = { ...this.ids, [position]: reply.value.identity.id };
    }
  }

  async mend(): Promise<void> {
    this.ids = { ...(await bringUp(this.nodes, this.set)) };
  }
}

export function setOfNodes(nodes: readonly VotingNode[], leaseTtlMs = 3_000): NodeSet {
  return { generation: 1, positions: nodes.map(({ position }) => position).sort(), leaseTtlMs };
}
