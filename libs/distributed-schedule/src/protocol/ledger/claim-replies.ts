/** What nodes say of a message with claims, read one claim at a time or as a whole. */

import type { ClaimReply, ClaimVote, NodeReply } from '../contract/ports.js';

/** By node. Undefined where the verdict did not wait for it: it may have granted. */
export type Replies = readonly (NodeReply<ClaimReply> | undefined)[];

/** Whether a node has refused the whole message for the terms that came with it. */
export function isBehind(reply: NodeReply<ClaimReply> | undefined): boolean {
  const kind = wholeKind(reply);
  return kind === 'renamed' || kind === 'unconfirmed' || kind === 'unstamped';
}

export function isOfAnotherSet(reply: NodeReply<ClaimReply>): boolean {
  const kind = wholeKind(reply);
  return kind === 'outdated' || kind === 'conflict';
}

/** A refusal of the whole message is the same for all its claims. */
function wholeKind(reply: NodeReply<ClaimReply> | undefined): ClaimVote['kind'] | undefined {
  return reply?.answered === true ? reply.value.votes[0]?.kind : undefined;
}

/** The reply, as if it were about the claims at these places alone. */
export function votesAt(reply: NodeReply<ClaimReply>, places: readonly number[]): NodeReply<ClaimReply> {
  if (!reply.answered) return reply;
  const votes = places.flatMap((place) => reply.value.votes[place] ?? []);
  return { ...reply, value: { ...reply.value, votes } };
}

/** Whether an answer of the node is there: nobody has spoken for whom no message has left. */
export function hasSpoken(reply: NodeReply<ClaimReply> | undefined): boolean {
  return reply?.answered === true && wholeKind(reply) !== 'not_sent';
}

/** The votes for one of the batch; undefined where the node gave none. */
export function votesOf(replies: Replies, index: number): readonly (ClaimVote | undefined)[] {
  return replies.map((reply) => (reply?.answered === true ? reply.value.votes[index] : undefined));
}
