/** Brings nodes up to votes without waiting for anybody, for tests of something else. */

import { counterOf, type LedgerId, type LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { Note, NoteAnswer } from '#src/protocol/contract/node-identity.js';
import type { NodeSet } from '#src/protocol/contract/node-set.js';
import type { NodeReply, VotingNode } from '#src/protocol/contract/ports.js';

/** A counter may be outbid by noters that know different ids. */
const MAX_RENUMBERS = 5;

/**
 * Stamps what is unstamped with the set, has every id noted wherever that is granted, and confirms it, by force where
 * nodes are silent. Answers the ids of the nodes that answered, by position.
 */
export async function bringUp(nodes: readonly VotingNode[], set: NodeSet, app = 'app'): Promise<LedgerIds> {
  const ids: Record<string, LedgerId> = {};
  for (const node of nodes) {
    const reply = await node.renumber('', 0);
    if (!reply.answered) continue;
    ids[node.position] = reply.value;
    const stamp = { set, app, sinceMs: Math.floor(reply.nodeTimeMs) };
    await node.stamp({ stamp, expected: '', raiseFloor: false, deadlineMs: 0 });
  }
  for (const node of nodes) {
    const id = ids[node.position];
    if (id !== undefined) ids[node.position] = await bringUpOne(node, id, nodes, set);
  }
  return ids;
}

async function bringUpOne(
  node: VotingNode,
  first: LedgerId,
  nodes: readonly VotingNode[],
  set: NodeSet,
): Promise<LedgerId> {
  let id = first;
  for (let tries = 0; tries < MAX_RENUMBERS; tries += 1) {
    const asked = await node.confirm({ id, notes: [], set, waitMs: undefined });
    if (asked.answered && asked.value.kind === 'voting') return id;
    const others = nodes.filter((other) => other !== node);
    const replies = await Promise.all(
      others.map((other) => other.note({ position: node.position, id, set })),
    );
    const newest = Math.max(0, ...replies.map(refusedCounter));
    if (newest === 0) {
      await node.confirm({ id, notes: replies.flatMap(noteIn), set, waitMs: 0 });
      return id;
    }
    const renumbered = await node.renumber(id, newest + 1);
    if (!renumbered.answered) return id;
    id = renumbered.value;
  }
  return id;
}

function refusedCounter(reply: NodeReply<NoteAnswer>): number {
  return reply.answered && reply.value.kind === 'not_newer' ? counterOf(reply.value.newest) : 0;
}

function noteIn(reply: NodeReply<NoteAnswer>): readonly Note[] {
  return reply.answered && reply.value.kind === 'noted' ? [reply.value.note] : [];
}
