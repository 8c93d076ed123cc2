/** A node with something around every call to it: what cuts it off, delays it, or counts. */

import type { NodeReply, VotingNode } from '#src/protocol/contract/ports.js';

/** What can be asked of a node over its connection. */
export type NodeCall =
  | 'claim'
  | 'giveBack'
  | 'peek'
  | 'beat'
  | 'leave'
  | 'trace'
  | 'note'
  | 'renumber'
  | 'raiseEpoch'
  | 'prune'
  | 'confirm'
  | 'stamp';

export type Around = <T>(ask: () => Promise<NodeReply<T>>, call: NodeCall) => Promise<NodeReply<T>>;

export function aroundNode(node: VotingNode, around: Around): VotingNode {
  return {
    label: node.label,
    position: node.position,
    claim: (claims, terms) => around(() => node.claim(claims, terms), 'claim'),
    giveBack: (claims) => around(() => node.giveBack(claims), 'giveBack'),
    peek: (tasks) => around(() => node.peek(tasks), 'peek'),
    beat: (instanceId, sign, tasks) => around(() => node.beat(instanceId, sign, tasks), 'beat'),
    leave: (instanceId) => around(() => node.leave(instanceId), 'leave'),
    trace: (request) => around(() => node.trace(request), 'trace'),
    note: (request) => around(() => node.note(request), 'note'),
    renumber: (id, counter) => around(() => node.renumber(id, counter), 'renumber'),
    raiseEpoch: (epoch) => around(() => node.raiseEpoch(epoch), 'raiseEpoch'),
    prune: (request) => around(() => node.prune(request), 'prune'),
    confirm: (request) => around(() => node.confirm(request), 'confirm'),
    stamp: (request) => around(() => node.stamp(request), 'stamp'),
    callDeadlineMs: () => node.callDeadlineMs(),
    onBack: (listener) => node.onBack?.(listener),
    reconnect: () => node.reconnect?.(),
  };
}
