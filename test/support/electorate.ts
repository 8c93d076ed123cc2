/** Nodes that vote, and terms under which they are asked, where a test is about something else. */

import { MemoryNode } from '#src/memory/memory-node.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { BeatSign } from '#src/protocol/contract/node-identity.js';
import type { NodeSet } from '#src/protocol/contract/node-set.js';
import type { ClaimTerms, Clock, VotingNode } from '#src/protocol/contract/ports.js';
import { bringUp } from './bring-up.js';

export function setOf(positions: readonly string[], generation = 1, leaseTtlMs = 3_000): NodeSet {
  return { generation, positions: [...positions].sort(), leaseTtlMs };
}

export function signOf(set: NodeSet, ids: LedgerIds = {}, given: Partial<BeatSign> = {}): BeatSign {
  return { set, app: 'test', standsSinceMs: undefined, yields: false, ids, ...given };
}

/** So many nodes of one set that vote at once, at the positions `n1`, `n2` … */
export function embeddedNodes(clock: Pick<Clock, 'wallMs'>, count: number): readonly MemoryNode[] {
  const positions = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  return positions.map((position) => MemoryNode.embedded(clock, setOf(positions), position));
}

/** Those nodes as one instance reaches them. */
export function connected(nodes: readonly MemoryNode[]): readonly VotingNode[] {
  return nodes.map((node, index) => node.connect({ label: `node ${index + 1}`, position: `n${index + 1}` }));
}

/** Brings the nodes up, and answers under which terms they can be asked for votes. */
export async function termsFor(
  nodes: readonly VotingNode[],
  set: NodeSet = setOf(nodes.map(({ position }) => position)),
): Promise<ClaimTerms> {
  return { set, ids: await bringUp(nodes, set), deadlineMs: 0 };
}
