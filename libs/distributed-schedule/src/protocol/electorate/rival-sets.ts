/**
 * Which of two sets goes on, where a majority of one need not meet a majority of the other. Both look at the node that
 * they share, and the order is total: the older standing stamp, then more live instances, then the name. Time decides
 * nothing: the older stamp wins however long ago its instances were last heard.
 */

import type { KnownNode } from './known-node.js';
import type { LiveSet, NodeIdentity } from './node-identity.js';
import { mustMeet, type NodeSet, setText } from './node-set.js';

export interface Rival extends LiveSet {
  /** Live instances of this instance's own set at the node that shows the rival. */
  readonly ownInstances: number;
}

/** Whether the two must not both bid. Of different generations the newer one wins by its stamps. */
export function excludes(own: NodeSet, other: NodeSet): boolean {
  return own.generation === other.generation && setText(own) !== setText(other) && !mustMeet(own, other);
}

/** The live sets that exclude this instance's own, each once. */
export function rivalsOf(own: NodeSet, nodes: readonly KnownNode[]): readonly Rival[] {
  const rivals = new Map<string, Rival>();
  for (const { identity, members, answersNow } of nodes) {
    if (identity === undefined || !answersNow) continue;
    const ownInstances = members - otherInstances(identity);
    for (const live of identity.liveSets) {
      if (!excludes(own, live.set)) continue;
      const key = setText(live.set);
      rivals.set(key, merge(rivals.get(key), { ...live, ownInstances }));
    }
  }
  return [...rivals.values()];
}

/** Whether the rival goes on, and this instance's set gives way. */
export function outranks(rival: Rival, own: NodeSet, standsSinceMs: number | undefined): boolean {
  const [rivalSinceMs, ownSinceMs] = [rival.standsSinceMs, standsSinceMs].map(
    (sinceMs) => sinceMs ?? Number.POSITIVE_INFINITY,
  ) as [number, number];
  if (rivalSinceMs !== ownSinceMs) return rivalSinceMs < ownSinceMs;
  if (rival.instances !== rival.ownInstances) return rival.instances > rival.ownInstances;
  return setText(rival.set) < setText(own);
}

function otherInstances({ liveSets }: NodeIdentity): number {
  return liveSets.reduce((sum, { instances }) => sum + instances, 0);
}

function merge(known: Rival | undefined, seen: Rival): Rival {
  if (known === undefined) return seen;
  const larger = seen.instances > known.instances ? seen : known;
  const sinceMs = Math.min(
    known.standsSinceMs ?? Number.POSITIVE_INFINITY,
    seen.standsSinceMs ?? Number.POSITIVE_INFINITY,
  );
  return { ...larger, standsSinceMs: Number.isFinite(sinceMs) ? sinceMs : undefined };
}
