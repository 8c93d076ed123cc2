/** What is told of a node whose server, or whose memory, is not the one that the others rely on. */

import type { ScheduleEvent } from '../contract/observer.js';
import type { KnownNode } from './known-node.js';

/** @param isAlone there is no other node that has to note it */
export function newMemoryAt({ label, identity }: KnownNode, isAlone: boolean): ScheduleEvent {
  const yet = isAlone ? 'and has no vote yet' : 'and the other nodes have to note it before it votes';
  const what = identity?.hasVote === true ? 'and votes' : yet;
  const detail = `another server, or another memory of it, answers, ${what}`;
  return { type: 'identity', node: label, condition: 'new', detail };
}

export function wrongServerAt({ label }: KnownNode): ScheduleEvent {
  const detail =
    'other instances are connected to another server at its address than this one; it gives this instance no vote, and ' +
    'this instance connects anew';
  return { type: 'identity', node: label, condition: 'wrong_server', detail };
}

export function sameForAllAt({ label }: KnownNode): ScheduleEvent {
  return { type: 'identity', node: label, condition: 'votes', detail: 'it is the same for everybody' };
}
