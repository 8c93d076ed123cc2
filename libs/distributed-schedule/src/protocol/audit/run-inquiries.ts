/** What the nodes together know of an instance that seems to be gone, and of the runs that it has claimed. */

import type { AttemptEnd } from '../contract/attempt-end.js';
import type { ElectorateView } from '../contract/electorate-view.js';
import type {
  InquiryReply,
  InquiryRequest,
  LifeSign,
  LineInquiry,
  NodeReply,
  VotingNode,
} from '../contract/ports.js';
import { countsOf, quorumOf } from '../contract/quorum.js';
import { answersOf } from '../contract/voting-node.js';

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
 * - `unheard` neither, and nodes that are silent now may know better
 * - `unknown` too many may have forgotten
 */
export type RunFate = 'ended' | 'open' | 'unheard' | 'unknown';

export interface InstanceInquiry {
  readonly standing: Standing;
  /** One per asked line; none where it is alive. */
  readonly lines: readonly MergedInquiry[];
}

/** What the nodes that answered know of one line. */
export interface MergedInquiry {
  /** The newest claim that a majority of the configured nodes names; undefined where none does. */
  readonly newest: { readonly instant: number; readonly claimId: string } | undefined;
  /** No majority names one, and nodes that are silent now could make it one. */
  readonly isUnheard: boolean;
  /** Whether what was claimed at this instant has ended, by the ends that are meant. */
  stateOf(instant: number, isMeant: (end: AttemptEnd) => boolean): RunFate;
  /** The longest remaining life, on any node, of a lock of the instance or of an unknown holder. */
  readonly lockLeftMs: number;
}

export interface RunInquiries {
  /** Undefined where no majority answers. Never rejects. */
  ask(request: InquiryRequest): Promise<InstanceInquiry | undefined>;
}

/** In one message. A line costs a node 3 µs of its one thread, and everybody else waits meanwhile: 10,000 were 30 ms. */
const LINES_A_SLICE = 500;

/**
 * Asks in slices, one after the other. None of what changes in between makes a run seem lost that was not:
 *
 * - Each line is judged by the answers of its own slice alone. Only what is open twice is told.
 * - A node that has forgotten says so in each slice by its floor. What it answered before was true then.
 * - An instance stands as well as in its best slice; of one that is alive no further line is asked.
 * - A silent node is not asked again, or each slice would wait for it. What it could know is unheard.
 */
export class QuorumRunInquiries implements RunInquiries {
  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly electorate: Pick<ElectorateView, 'speaksOfTicks'>,
    private readonly linesASlice = LINES_A_SLICE,
  ) {}

  async ask(request: InquiryRequest): Promise<InstanceInquiry | undefined> {
    const silent = new Set<VotingNode>();
    const lines: MergedInquiry[] = [];
    let standing: Standing = 'gone';
    for (const slice of this.slicesOf(request)) {
      const asked = this.nodes.filter(
        (node) => !silent.has(node) && this.electorate.speaksOfTicks?.(node) !== false,
      );
      const replies = await Promise.all(asked.map((node) => node.inquire(slice)));
      for (const [index, node] of asked.entries()) if (replies[index]?.answered !== true) silent.add(node);
      const merged = mergeInquiries(slice, replies, this.nodes.length);
      if (merged === undefined || merged.standing === 'alive') return merged;
      if (merged.standing === 'silent') standing = 'silent';
      lines.push(...merged.lines);
    }
    return { standing, lines };
  }

  /** At least one: it also asks for the instance. */
  private *slicesOf({ instanceId, lines }: InquiryRequest): Generator<InquiryRequest> {
    let first = 0;
    do {
      yield { instanceId, lines: lines.slice(first, first + this.linesASlice) };
      first += this.linesASlice;
    } while (first < lines.length);
  }
}

function mergeInquiries(
  { instanceId, lines }: InquiryRequest,
  replies: readonly NodeReply<InquiryReply>[],
  nodes: number,
): InstanceInquiry | undefined {
  const quorum = quorumOf(nodes);
  const answers = answersOf(replies);
  if (answers.length < quorum) return undefined;
  const count = (...signs: readonly LifeSign[]): number =>
    answers.filter(({ sign }) => signs.includes(sign)).length;
  const standing = standingOf(count, quorum);
  if (standing === 'alive') return { standing, lines: [] };
  const majority = { quorum, silent: nodes - answers.length };
  return {
    standing,
    lines: lines.map((_, index) =>
      mergeLine(
        instanceId,
        answers.map((answer) => answer.lines[index]),
        majority,
      ),
    ),
  };
}

interface Majority {
  readonly quorum: number;
  /** How many of the configured nodes have not answered. */
  readonly silent: number;
}

function standingOf(count: (...signs: readonly LifeSign[]) => number, quorum: number): Standing {
  if (count('gone') >= quorum) return 'gone';
  return count('gone', 'silent') >= quorum ? 'silent' : 'alive';
}

function mergeLine(
  instanceId: string,
  inquiries: readonly (LineInquiry | undefined)[],
  majority: Majority,
): MergedInquiry {
  const known = inquiries.filter((inquiry) => inquiry !== undefined);
  const locks = known.flatMap(({ lock }) => (lock === undefined ? [] : [lock]));
  const theirs = locks.filter(({ holder }) => holder === undefined || holder === instanceId);
  return {
    ...newestOf(known, majority),
    lockLeftMs: Math.max(0, ...theirs.map(({ leftMs }) => leftMs)),
    stateOf: (instant, isMeant) => stateOf(known, majority, instant, isMeant),
  };
}

function newestOf(
  inquiries: readonly LineInquiry[],
  { quorum, silent }: Majority,
): Pick<MergedInquiry, 'newest' | 'isUnheard'> {
  const named = countsOf(inquiries.flatMap(({ newest }) => newest.claimId ?? []));
  const claimId = [...named].find(([, count]) => count >= quorum)?.[0];
  const instant = inquiries.find(({ newest }) => newest.claimId === claimId)?.newest.tick;
  if (claimId !== undefined && instant !== undefined)
    return { newest: { instant, claimId }, isUnheard: false };
  return { newest: undefined, isUnheard: [...named.values()].some((count) => count + silent >= quorum) };
}

function stateOf(
  inquiries: readonly LineInquiry[],
  { quorum, silent }: Majority,
  instant: number,
  isMeant: (end: AttemptEnd) => boolean,
): RunFate {
  if (inquiries.some(({ ends }) => ends.ends.some(isMeant))) return 'ended';
  // Below its floor a node has forgotten ends as it has forgotten claims, and with an old line those of it.
  const forgottenUpTo = ({ floor, newest: { prunedUpTo = 0 }, ends }: LineInquiry): number =>
    Math.max(floor, prunedUpTo, ends.droppedUpTo);
  const knowing = inquiries.filter((inquiry) => forgottenUpTo(inquiry) < instant).length;
  if (knowing >= quorum) return 'open';
  return knowing + silent >= quorum ? 'unheard' : 'unknown';
}
