/** What the nodes together know of an instance that seems to be gone, and of the runs that it has claimed. */

import type { ElectorateView } from '../electorate/electorate-view.js';
import type { AttemptEnd } from '../ledger/attempt-end.js';
import type { LifeSign, LineTrace, NodeReply, TraceReply, TraceRequest, VotingNode } from '../ports.js';
import { quorumOf } from '../quorum.js';

/**
 * By a majority of the configured nodes.
 *
 * - `alive`   too few nodes miss it to call it anything else
 * - `silent`  they have not heard of it for too long, or it has left, and its process may be there
 * - `gone`    its connections to a majority have ended
 */
export type Standing = 'alive' | 'silent' | 'gone';

/**
 * - `ended`   a node keeps its end. One is enough: it decides no start
 * - `open`    a majority of the configured nodes would know of its end, and knows none
 * - `unknown` too many are silent, or may have forgotten
 */
export type RunState = 'ended' | 'open' | 'unknown';

export interface InstanceTrace {
  readonly standing: Standing;
  /** One per asked line. */
  readonly lines: readonly MergedTrace[];
}

/** What the nodes that answered know of one line. */
export interface MergedTrace {
  /** The newest claim that a majority of the configured nodes names; undefined where none does. */
  readonly newest: { readonly instant: number; readonly claimId: string } | undefined;
  /** Whether what was claimed at this instant has ended, by the ends that are meant. */
  stateOf(instant: number, isMeant: (end: AttemptEnd) => boolean): RunState;
  /** The longest time that a lock of the instance, or of nobody in particular, is left to live on any node, ms. */
  readonly lockLeftMs: number;
}

export interface RunTraces {
  /** Undefined where no majority answers. Never rejects. */
  ask(request: TraceRequest): Promise<InstanceTrace | undefined>;
}

export class QuorumRunTraces implements RunTraces {
  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly electorate: Pick<ElectorateView, 'speaksOfTicks'>,
  ) {}

  async ask(request: TraceRequest): Promise<InstanceTrace | undefined> {
    const asked = this.nodes.filter((node) => this.electorate.speaksOfTicks?.(node) !== false);
    const replies = await Promise.all(asked.map((node) => node.trace(request)));
    return mergeTraces(request, replies, this.nodes.length);
  }
}

export function mergeTraces(
  { instanceId, lines }: TraceRequest,
  replies: readonly NodeReply<TraceReply>[],
  nodes: number,
): InstanceTrace | undefined {
  const quorum = quorumOf(nodes);
  const answers = replies.flatMap((reply) => (reply.answered ? [reply.value] : []));
  if (answers.length < quorum) return undefined;
  const count = (...signs: readonly LifeSign[]): number =>
    answers.filter(({ sign }) => signs.includes(sign)).length;
  const standing = standingOf(count, quorum);
  return {
    standing,
    lines: lines.map((_, index) =>
      mergeLine(
        instanceId,
        answers.map((answer) => answer.lines[index]),
        quorum,
      ),
    ),
  };
}

function standingOf(count: (...signs: readonly LifeSign[]) => number, quorum: number): Standing {
  if (count('gone') >= quorum) return 'gone';
  return count('gone', 'silent') >= quorum ? 'silent' : 'alive';
}

function mergeLine(
  instanceId: string,
  traces: readonly (LineTrace | undefined)[],
  quorum: number,
): MergedTrace {
  const known = traces.filter((trace) => trace !== undefined);
  const locks = known.flatMap(({ lock }) => (lock === undefined ? [] : [lock]));
  const theirs = locks.filter(({ holder }) => holder === undefined || holder === instanceId);
  return {
    newest: newestOf(known, quorum),
    lockLeftMs: Math.max(0, ...theirs.map(({ leftMs }) => leftMs)),
    stateOf: (instant, isMeant) => stateOf(known, quorum, instant, isMeant),
  };
}

function newestOf(traces: readonly LineTrace[], quorum: number): MergedTrace['newest'] {
  const named = new Map<string, number>();
  for (const { newest } of traces) {
    if (newest.claimId !== undefined) named.set(newest.claimId, (named.get(newest.claimId) ?? 0) + 1);
  }
  const claimId = [...named].find(([, count]) => count >= quorum)?.[0];
  const instant = traces.find(({ newest }) => newest.claimId === claimId)?.newest.tick;
  return claimId === undefined || instant === undefined ? undefined : { instant, claimId };
}

function stateOf(
  traces: readonly LineTrace[],
  quorum: number,
  instant: number,
  isMeant: (end: AttemptEnd) => boolean,
): RunState {
  if (traces.some(({ ends }) => ends.ends.some(isMeant))) return 'ended';
  // Below its floor a node has forgotten ends as it has forgotten claims, and with an old line those of it.
  const forgottenUpTo = ({ floor, newest: { prunedUpTo = 0 }, ends }: LineTrace): number =>
    Math.max(floor, prunedUpTo, ends.droppedUpTo);
  const knowing = traces.filter((trace) => forgottenUpTo(trace) < instant);
  return knowing.length >= quorum ? 'open' : 'unknown';
}
