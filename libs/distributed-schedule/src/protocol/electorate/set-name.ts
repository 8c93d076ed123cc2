/** How a set of nodes is spoken of in messages: never by its addresses. */

import { hash32 } from '../contract/hash.js';
import { isoTime } from '../contract/iso-time.js';
import {
  isProvisional,
  type NodeSet,
  type SetStamp,
  SINGLE_POSITION,
  setText,
} from '../contract/node-set.js';
import type { KnownNode } from './known-node.js';

/** Eight hex digits: what `takeOver` takes. */
export function nameOfSet(set: NodeSet): string {
  return hash32(setText(set)).toString(16).padStart(8, '0');
}

/** What is on record, since when, and which member differs. */
export function describeRecord(
  stamp: SetStamp,
  own: NodeSet,
  nodes: readonly Pick<KnownNode, 'position' | 'label'>[],
): string {
  const { set, sinceMs, app } = stamp;
  const size = set.positions.length === 1 ? '1 node' : `${set.positions.length} nodes`;
  const since = isProvisional(stamp) ? 'never in use' : `since ${isoTime(sinceMs)}`;
  return (
    `set ${nameOfSet(set)} (app '${app}', ${size}, generation ${set.generation}, lease.ttlMs ${set.leaseTtlMs}, ` +
    `${since}; ${differenceOf(set, own, nodes)})`
  );
}

function differenceOf(
  other: NodeSet,
  own: NodeSet,
  nodes: readonly Pick<KnownNode, 'position' | 'label'>[],
): string {
  if (other.positions.includes(SINGLE_POSITION)) {
    return own.positions.length === 1 ? 'the same node' : 'that node alone';
  }
  if (own.positions.includes(SINGLE_POSITION)) return 'this instance has one node only';
  const missing = nodes.filter(({ position }) => !other.positions.includes(position));
  const unlisted = other.positions.filter((position) => !own.positions.includes(position)).length;
  if (missing.length === 0 && unlisted === 0) return 'the same nodes';
  const labels = missing.map(({ label }) => label).join(' and ');
  return [
    ...(labels === '' ? [] : [`${labels} of this instance not in it`]),
    ...(unlisted === 0 ? [] : [`${unlisted} of its nodes not listed here`]),
  ].join(', ');
}
