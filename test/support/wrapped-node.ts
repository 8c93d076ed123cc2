/** A node with something around every call to it: what cuts it off, delays it, or counts. */

import type { LockProvider, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { type Between, between } from './between.js';

/** What can be asked of a node over its connection. */
const NODE_CALLS = [
  ...(['claim', 'giveBack', 'peek', 'beat', 'leave', 'inquire'] as const),
  ...(['note', 'renumber', 'raiseEpoch', 'prune', 'confirm', 'stamp'] as const),
] satisfies (keyof VotingNode)[];

export type NodeCall = (typeof NODE_CALLS)[number];

export type Around = <T>(ask: () => Promise<NodeReply<T>>, call: NodeCall) => Promise<NodeReply<T>>;

export function aroundNode(node: VotingNode, around: Around): VotingNode {
  const instead = NODE_CALLS.map((call) => [
    call,
    (ask: () => Promise<NodeReply<unknown>>) => around(ask, call),
  ]);
  return between(node, {
    instead: Object.fromEntries(instead) as NonNullable<Between<VotingNode>['instead']>,
  });
}

const CUT = { kind: 'no_quorum', reason: 'cut' } as const;

/** Locks that no node answers while they are cut off. */
export function severable(locks: LockProvider, isCut: () => boolean): LockProvider {
  return between(locks, {
    instead: {
      tryAcquire: async (ask, tasks) => (isCut() ? tasks.map(() => CUT) : ask()),
      extend: async (ask, held) => (isCut() ? held.map(() => CUT) : ask()),
      release: async (ask) => (isCut() ? undefined : ask()),
      keepEnds: async (ask) => (isCut() ? undefined : ask()),
    },
  });
}
