/** What the newest ticks of all nodes mean for one tick. */

import type { ClaimVote, NodeReply, NodeTick, PeekVerdict } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import { ownerOf } from './claim-votes.js';
import { setBackAmongTicks } from './clock-set-back.js';
import { tellPast } from './line-past.js';

/** What the clock of a node showed when it answered. */
export function timeOf(reply: NodeReply<unknown>): number | undefined {
  return reply.answered ? reply.nodeTimeMs : undefined;
}

/** What the nodes' newest ticks say about `tick`. @param timesMs each node's clock at its answer, in the same order */
export function decidePeek(
  tick: number,
  known: readonly (NodeTick | undefined)[],
  timesMs: readonly (number | undefined)[] = [],
): PeekVerdict {
  const quorum = quorumOf(known.length);
  let answered = 0;
  const votes: ClaimVote[] = [];
  for (const node of known) {
    if (node === undefined) continue;
    answered += 1;
    if (node.tick > tick) votes.push({ kind: 'taken' });
    else if (node.tick === tick && node.claimId !== undefined)
      votes.push({ kind: 'taken', claimId: node.claimId });
  }
  if (answered < quorum) return { kind: 'unknown' };
  const past = tellPast(known, timesMs, quorum);
  const owner = ownerOf('', votes, quorum);
  const setBack = setBackAmongTicks(known, timesMs, quorum);
  return owner === undefined
    ? { kind: 'open', ...past, ...setBack }
    : { kind: 'taken', ...past, ...owner, ...(owner.claimId === undefined && setBack) };
}
