/**
 * Temporary: stands where the electorate of an instance will stand. It brings nodes up by itself whenever they refuse,
 * without any of the rules that make this safe between instances.
 */

import type { ClaimTerms, VotingNode } from '../ports.js';
import { bringUp } from './bring-up.js';
import type { ElectorateView, SentBeat } from './electorate-view.js';
import type { LedgerId } from './ledger-id.js';
import type { NodeSet } from './node-set.js';

export class MakeshiftElectorate implements ElectorateView {
  private ids: Record<string, LedgerId> = {};

  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly set: NodeSet = setOfNodes(nodes),
  ) {}

  terms(node: VotingNode): ClaimTerms {
    return { set: this.set, ids: this.ids, deadlineMs: node.callDeadlineMs() };
  }

  renamed(): void {}

  beginBeat(): SentBeat {
    const sign = { set: this.set, app: 'app', standsSinceMs: 0, yields: false, ids: this.ids };
    return { sign, sentMs: 0, sentWallMs: 0 };
  }

  heard(): void {}

  async mend(): Promise<void> {
    this.ids = { ...(await bringUp(this.nodes, this.set)) };
  }
}

export function setOfNodes(nodes: readonly VotingNode[], leaseTtlMs = 3_000): NodeSet {
  return { generation: 1, positions: nodes.map(({ position }) => position).sort(), leaseTtlMs };
}
