/** A node behind a rough network: messages take their time, overtake each other, and replies get lost. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim, ClaimVote, NodeReply, Random, VotingNode } from '#src/protocol/contract/ports.js';
import { between } from '../../support/between.js';
import { aroundNode, type NodeCall } from '../../support/wrapped-node.js';

/** So that the claims of several instances meet in another order on every node. */
const MAX_DELAY_MS = 16;
const LOST_SHARE = 0.02;
const LOST: NodeReply<never> = { answered: false, reason: 'the reply was lost' };

/** What only looks is not worth the waiting. */
const IN_ONE_PIECE: ReadonlySet<NodeCall> = new Set(['peek', 'beat', 'leave']);

export interface RoughNodeParts {
  readonly node: VotingNode;
  readonly random: Random;
  /** Called the moment the node's answer is here, before anybody acts on it. */
  readonly onVote: (claim: Claim, vote: ClaimVote) => void;
}

export function roughNode({ node, random, onVote }: RoughNodeParts): VotingNode {
  const travel = (): Promise<unknown> => sleep(random.next() * MAX_DELAY_MS);
  const arrive = <T>(reply: NodeReply<T>): NodeReply<T> => (random.next() < LOST_SHARE ? LOST : reply);
  const watched = between(node, {
    after: {
      claim: (reply, claims) => {
        if (reply.answered) tellVotes(claims, reply.value.votes, onVote);
      },
    },
  });
  return aroundNode(watched, async (ask, call) => {
    if (IN_ONE_PIECE.has(call)) return ask();
    await travel();
    return arrive(await ask());
  });
}

function tellVotes(
  claims: readonly Claim[],
  votes: readonly ClaimVote[],
  onVote: RoughNodeParts['onVote'],
): void {
  claims.forEach((claim, index) => {
    const vote = votes[index];
    if (vote !== undefined) onVote(claim, vote);
  });
}
