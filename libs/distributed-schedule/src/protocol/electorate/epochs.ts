/** Which nodes a raise of the epoch has not reached yet, and whose clocks were set back. */

import { type KnownNode, stampStandingOf } from './known-node.js';
import type { NodeSet } from './node-set.js';

/** The newest that a node of the set is in: a person has left the older ones behind, for all nodes. */
export function epochOf(nodes: readonly KnownNode[], set: NodeSet): number {
  return Math.max(
    0,
    ...nodes.filter((node) => isOurs(node, set)).map(({ identity }) => identity?.epoch ?? 0),
  );
}

/** Those that were away when it was raised, or have forgotten it. */
export function behindOf(nodes: readonly KnownNode[], set: NodeSet): readonly KnownNode[] {
  const epoch = epochOf(nodes, set);
  return nodes.filter(
    (node) =>
      node.answersNow && node.identity !== undefined && node.identity.epoch < epoch && isOurs(node, set),
  );
}

/** By label, by how much at least a node's clock was set back, where something says so. */
export function setBacksOf(nodes: readonly KnownNode[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    nodes.flatMap(({ label, answersNow, identity }) =>
      answersNow && identity !== undefined && identity.setBackMs > 0 ? [[label, identity.setBackMs]] : [],
    ),
  );
}

function isOurs({ identity }: KnownNode, set: NodeSet): boolean {
  return identity !== undefined && stampStandingOf(identity, set) !== 'foreign';
}
