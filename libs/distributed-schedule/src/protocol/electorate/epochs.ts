/** Which nodes a raise of the epoch has not reached yet, and whose clocks were set back. */

import type { NodeSet } from '../contract/node-set.js';
import { ORDINARY_SKEW_MS } from '../ledger/clock-set-back.js';
import { isMajority, type KnownNode, stampStandingOf } from './known-node.js';

/** The newest that a node of the set is in: a person has left the older ones behind, for all nodes. */
export function epochOf(nodes: readonly KnownNode[], set: NodeSet): number {
  return Math.max(
    0,
    ...nodes.filter((node) => isOurs(node, set)).map(({ identity }) => identity?.epoch ?? 0),
  );
}

/** With a wrong clock a node stays behind: its notes would carry its time to the others, as a floor. */
export function behindOf(nodes: readonly KnownNode[], set: NodeSet): readonly KnownNode[] {
  const epoch = epochOf(nodes, set);
  const timeMs = agreedTimeMs(nodes, set);
  return nodes.filter(({ answersNow, identity }) => {
    if (!answersNow || identity === undefined || identity.epoch >= epoch || timeMs === undefined)
      return false;
    return Math.abs(identity.nowMs - timeMs) <= ORDINARY_SKEW_MS && isOurs({ identity }, set);
  });
}

/** The median of the newest beat, as our cluster time never goes back. Undefined: too few answer to tell. */
function agreedTimeMs(nodes: readonly KnownNode[], set: NodeSet): number | undefined {
  const times = nodes.flatMap(({ answersNow, identity }) =>
    answersNow && identity !== undefined ? [identity.nowMs] : [],
  );
  if (!isMajority(times.length, set)) return undefined;
  return times.sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)];
}

/** By label, by how much at least a node's clock was set back, where something says so. */
export function setBacksOf(nodes: readonly KnownNode[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    nodes.flatMap(({ label, answersNow, identity }) =>
      answersNow && identity !== undefined && identity.setBackMs > 0 ? [[label, identity.setBackMs]] : [],
    ),
  );
}

function isOurs({ identity }: Pick<KnownNode, 'identity'>, set: NodeSet): boolean {
  return identity !== undefined && stampStandingOf(identity, set) !== 'foreign';
}
