/** A memory node as one instance sees it. Every call begins with the incarnation guard of its ledger. */

import { MEMBER_TTL_MS, PROTOCOL_VERSION } from '../protocol/contract/constants.js';
import { SINGLE_POSITION } from '../protocol/contract/node-set.js';
import type {
  Clock,
  InquiredLine,
  InquiryReply,
  InquiryRequest,
  LineInquiry,
  NodeReply,
  VotingNode,
} from '../protocol/contract/ports.js';
import { isClaimOf } from '../protocol/ledger/claim-id.js';
import type { LedgerMemory } from './ledger-memory.js';
import type { MemoryBeats } from './memory-beats.js';
import { confirm, identityOf, note, renumber, stamp } from './memory-identity.js';
import type { MemoryLedger } from './memory-ledger.js';
import type { MemoryLockTable } from './memory-lock-table.js';
import { digestOf, type MemoryStandbySets } from './memory-standby-sets.js';

export interface MemoryConnection {
  readonly label: string;
  /** The place in the set of nodes at which this instance means the node. Default: one node alone. */
  readonly position?: string;
  /** How long a call takes at most, for deadlines in node time. Default: nothing is known. */
  readonly callTimeoutMs?: number;
  /** Called with the node's time for every reply, as a sample for the cluster clock. */
  readonly onReply?: (nodeTimeMs: number) => void;
}

interface NodeParts {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly ledger: MemoryLedger;
  readonly beats: MemoryBeats;
  readonly locks: MemoryLockTable;
  readonly standbySets: MemoryStandbySets;
}

export function connectNode(node: NodeParts, connection: MemoryConnection): VotingNode {
  const { label, position = SINGLE_POSITION, callTimeoutMs } = connection;
  const { ledger, beats, locks, standbySets } = node;
  const nowMs = (): number => node.clock.wallMs();
  const answer = <T>(decide: (memory: LedgerMemory) => T): NodeReply<T> => answerOf(node, connection, decide);
  return {
    label,
    position,
    claim: async (claims, terms) => answer(() => ledger.claim(claims, terms, position)),
    giveBack: async (claims) => answer(() => ledger.giveBack(claims)),
    peek: async (tasks) => answer(() => tasks.map((task) => ledger.newest(task))),
    beat: async (instanceId, sign, tasks, question) =>
      answer((memory) => {
        const { members, liveSets } = beats.beat(instanceId, sign);
        const identity = { ...identityOf(memory, position, sign.set, nowMs()), liveSets };
        if (question?.kind === 'keep') standbySets.keep(tasks, question);
        const standby = question?.kind === 'ask' ? standbySets.inShort(question) : undefined;
        const ticks = tasks.map((task) => ledger.newest(task));
        return { members, identity, ticks, ...(standby && { standby }) };
      }),
    digestOf,
    leave: async (instanceId) => answer(() => beats.leave(instanceId)),
    inquire: async (request) =>
      answer(({ sinceMs }) =>
        inquire(request, { ledger, beats, locks, isNew: nowMs() < sinceMs + MEMBER_TTL_MS }),
      ),
    note: async (request) =>
      answer((memory) =>
        note(memory, position, request, nowMs(), () => beats.userOfOther(request.position, request.id)),
      ),
    renumber: async (id, counter) => answer((memory) => renumber(memory, position, id, counter, nowMs())),
    raiseEpoch: async (epoch) => answer(() => ledger.raiseEpoch(epoch)),
    prune: async (request) => answer(() => ledger.prune(request)),
    confirm: async (request) => answer((memory) => confirm(memory, position, request, nowMs())),
    stamp: async (request) => answer((memory) => stamp(memory, request, nowMs())),
    callDeadlineMs: () => (callTimeoutMs === undefined ? 0 : Math.ceil(nowMs() + callTimeoutMs)),
  };
}

function answerOf<T>(
  { ledger, clock }: NodeParts,
  { onReply }: MemoryConnection,
  decide: (memory: LedgerMemory) => T,
): NodeReply<T> {
  const version = ledger.versionOnRecord ?? PROTOCOL_VERSION;
  if (version !== PROTOCOL_VERSION)
    return { answered: false, reason: `DSCHEDVERSION ${version}`, otherVersion: version };
  const value = decide(ledger.remember());
  const nodeTimeMs = clock.wallMs();
  onReply?.(nodeTimeMs);
  return { answered: true, value, nodeTimeMs };
}

interface InquiryParts {
  readonly ledger: Pick<MemoryLedger, 'newest' | 'endsOf' | 'floorsOf'>;
  readonly beats: Pick<MemoryBeats, 'signOf'>;
  readonly locks: Pick<MemoryLockTable, 'standingOf'>;
  /** The node has not been there for as long as a member may be silent. */
  readonly isNew: boolean;
}

/** The model of inquiry-script.ts. */
function inquire(
  { instanceId, lines }: InquiryRequest,
  { ledger, beats, locks, isNew }: InquiryParts,
): InquiryReply {
  const lineInquiry = ({ line, lock }: InquiredLine): LineInquiry | undefined => {
    const { floor, prunedUpTo } = ledger.floorsOf(line);
    // Ends go with their line, also where it was written anew since.
    const newest = { ...ledger.newest(line), ...(prunedUpTo > 0 && { prunedUpTo }) };
    if (lock === undefined && !isClaimOf(instanceId, newest.claimId)) return undefined;
    const held = lock === undefined ? undefined : locks.standingOf(lock);
    return {
      newest,
      floor,
      ends: ledger.endsOf(line),
      ...(held !== undefined && { lock: held }),
    };
  };
  return { sign: isNew ? 'unknown' : beats.signOf(instanceId), lines: lines.map(lineInquiry) };
}
