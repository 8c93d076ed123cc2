/** What the newest ticks of all nodes mean for one tick. */

import type { ClaimVote, NodeReply, NodeTick, PeekVerdict, TickRef } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import { ownerOf } from './claim-votes.js';
import { setBackAmongTicks } from './clock-set-back.js';
import { majorityTimeMs, tellPast } from './line-past.js';

/** What the clock of a node showed when it answered. */
export function timeOf(reply: NodeReply<unknown>): number | undefined {
  return reply.answered ? reply.nodeTimeMs : undefined;
}

/** What each node said of the ticks of one message, in their order; undefined where it said nothing. */
export type TickLists = readonly (readonly NodeTick[] | undefined)[];

/** What the nodes say about each of the ticks. @param timesMs each node's clock at its answer, in the order of the lists */
export function decidePeeks(
  ticks: readonly TickRef[],
  lists: TickLists,
  timesMs: readonly (number | undefined)[],
): readonly PeekVerdict[] {
  // A standby asks about every tick of the others: what all nodes agree on must cost no more than to see that they do.
  const nodeTimeMs = majorityTimeMs(lists, timesMs, quorumOf(lists.length));
  return ticks.map(
    ({ tick }, index) =>
      agreedOwner(tick, lists, index, nodeTimeMs) ??
      decidePeek(
        tick,
        lists.map((list) => list?.[index]),
        timesMs,
      ),
  );
}

/**
 * Whether later answers change nothing: those so far are a majority that names the same claim for each tick, and none may have
 * forgotten. Then neither the owner nor the newest instant of a majority can become another one.
 */
export function areAgreed(lists: TickLists): boolean {
  const told = lists.filter((list) => list !== undefined);
  if (told.length < quorumOf(lists.length)) return false;
  const [first = [], ...others] = told;
  return first.every((one, index) => isWhole(one) && others.every((list) => isSameTick(one, list[index])));
}

function isWhole({ floor, prunedUpTo }: NodeTick): boolean {
  return floor === undefined && prunedUpTo === undefined;
}

function isSameTick(one: NodeTick, other: NodeTick | undefined): boolean {
  return other !== undefined && isWhole(other) && one.tick === other.tick && one.claimId === other.claimId;
}

/** Where all that answer name the same claim at this very tick, and nothing else can matter. */
function agreedOwner(
  tick: number,
  lists: TickLists,
  index: number,
  nodeTimeMs: number | undefined,
): PeekVerdict | undefined {
  let claimId: string | undefined;
  let answered = 0;
  for (const list of lists) {
    if (list === undefined) continue;
    const node = list[index];
    if (node === undefined || node.tick !== tick || node.floor !== undefined) return undefined;
    // One that has taken the claim back names nobody, and agrees with nobody.
    if (node.claimId === undefined || node.prunedUpTo !== undefined) return undefined;
    claimId ??= node.claimId;
    if (node.claimId !== claimId) return undefined;
    answered += 1;
  }
  const isTold = answered >= quorumOf(lists.length) && nodeTimeMs !== undefined;
  if (!isTold || claimId === undefined || claimId === '' || tick === 0) return undefined;
  return { kind: 'taken', claimId, newest: tick, nodeTimeMs, highest: tick, highestPossible: tick };
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
    // As a claim would hear: it cannot be won there, and nobody has claimed it.
    if (node.isLeftBehind === true) continue;
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

/** By node. Undefined where the answer was not waited for. */
export type TickReplies = readonly (NodeReply<readonly NodeTick[]> | undefined)[];

export function listsOf(replies: TickReplies): TickLists {
  return replies.map((reply) => (reply?.answered === true ? reply.value : undefined));
}
