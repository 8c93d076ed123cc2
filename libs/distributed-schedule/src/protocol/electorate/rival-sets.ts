/**
 * Which of two sets goes on that need not meet, a total order: older stamp, on record, more instances, name.
 * Time decides nothing: the older stamp wins however long its instances are silent.
 */

import type { LiveSet, NodeIdentity } from '../contract/node-identity.js';
import { mustMeet, type NodeSet, setText } from '../contract/node-set.js';
import { type KnownNode, stampStandingOf } from './known-node.js';

export interface Rival extends LiveSet {
  /** Live instances of this instance's own set at the node that shows the rival. */
  readonly ownInstances: number;
  /** Which of the two a node that they share has on record, where it is only one of them. */
  readonly onRecord: 'own' | 'rival' | undefined;
}

/** Whether the two must not both bid. Of different generations the newer one wins by its stamps. */
function excludes(own: NodeSet, other: NodeSet): boolean {
  return own.generation === other.generation && setText(own) !== setText(other) && !mustMeet(own, other);
}

/** The live sets that exclude this instance's own and have not given way, each once. */
export function rivalsOf(own: NodeSet, nodes: readonly KnownNode[]): readonly Rival[] {
  const rivals = new Map<string, Rival>();
  for (const { identity, members, answersNow } of nodes) {
    if (identity === undefined || !answersNow) continue;
    const ownInstances = members - otherInstances(identity);
    for (const live of identity.liveSets) {
      if (live.yields || !excludes(own, live.set)) continue;
      const key = setText(live.set);
      const onRecord = recordAmong(nodes, own, live.set);
      rivals.set(key, merge(rivals.get(key), { ...live, ownInstances, onRecord }));
    }
  }
  return [...rivals.values()];
}

/** Live sets that exclude this instance's own, stand, and have given way: to a third one, or before they saw what has changed. */
export function standingYielders(own: NodeSet, nodes: readonly KnownNode[]): readonly LiveSet[] {
  return nodes
    .flatMap(({ identity, answersNow }) => (answersNow ? (identity?.liveSets ?? []) : []))
    .filter((live) => live.yields && live.standsSinceMs !== undefined && excludes(own, live.set));
}

function recordAmong(nodes: readonly KnownNode[], own: NodeSet, other: NodeSet): 'own' | 'rival' | undefined {
  // A set of one node calls it by another name: that both beat there says as much.
  const isShown = ({ identity }: KnownNode): boolean =>
    identity?.liveSets.some(({ set }) => setText(set) === setText(other)) === true;
  const shared = nodes.filter(
    (node) => node.answersNow && (other.positions.includes(node.position) || isShown(node)),
  );
  const hasOnRecord = (set: NodeSet): boolean =>
    shared.some(
      ({ identity }) => identity?.stamp !== undefined && setText(identity.stamp.set) === setText(set),
    );
  const [isOwn, isRival] = [hasOnRecord(own), hasOnRecord(other)];
  if (isOwn === isRival) return undefined;
  return isOwn ? 'own' : 'rival';
}

/** Whether the rival goes on, and this instance's set gives way. */
export function outranks(rival: Rival, own: NodeSet, standsSinceMs: number | undefined): boolean {
  const [rivalSinceMs, ownSinceMs] = [rival.standsSinceMs, standsSinceMs].map(
    (sinceMs) => sinceMs ?? Number.POSITIVE_INFINITY,
  ) as [number, number];
  if (rivalSinceMs !== ownSinceMs) return rivalSinceMs < ownSinceMs;
  // The first round of a first start: the set on record has to go on, for the other one may not stamp that node.
  if (rival.onRecord !== undefined) return rival.onRecord === 'rival';
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

/** Whether the node shows that another set of nodes, whose majorities need not meet ours, is or was in use. */
export function showsRival({ identity, answersNow }: KnownNode, set: NodeSet): boolean {
  if (!answersNow || identity === undefined) return false;
  return (
    stampStandingOf(identity, set) === 'foreign' || identity.liveSets.some((live) => excludes(set, live.set))
  );
}
