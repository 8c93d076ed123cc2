import type { LedgerIds } from './ledger-id.js';
import type { BeatSign } from './node-identity.js';
import type { BeatReply, ClaimTerms, NodeReply, VotingNode } from './ports.js';

/** A beat as it was sent. */
export interface SentBeat {
  readonly sign: BeatSign;
  /** Read before it was sent. */
  readonly sentMs: number;
  readonly sentWallMs: number;
  /** How many beats had been wished for by then. */
  readonly wishes: number;
}

/** What the ledger and the membership ask about the set and the ids of its nodes, and tell it. */
export interface ElectorateView {
  /** The ids that a message with claims names now, the same at every node. The same object as long as nothing changes. */
  namedIds(): LedgerIds;
  /** Under which terms this node is to be asked for a vote. */
  terms(node: VotingNode, ids: LedgerIds): ClaimTerms;
  /** A node has refused claims by these ids. The next terms name none that they have replaced. */
  renamed(node: VotingNode, ids: LedgerIds): void;
  /** A node has another set on record, and said so after the verdict: only a beat tells by which of them to go. */
  refusedBySet?(): void;
  /** Claims were refused for what the electorate may mend at once: they are sent again when this resolves. */
  mend?(): Promise<void>;
  /** Undefined where this instance may claim. Absent: nobody can tell before the nodes are asked. */
  mayBid?(): NoBid | undefined;
  /** False: this node has no vote in our set and would call claimed ticks open. Absent: true. */
  speaksOfTicks?(node: VotingNode): boolean;
  /** What the next beat says, with the instants before it is sent. */
  sendBeat(): SentBeat;
  /** What the nodes answered to a beat, in their order. */
  heard(beat: SentBeat, replies: readonly NodeReply<BeatReply>[]): void;
}

/** Why this instance does not bid now. */
export interface NoBid {
  readonly why: string;
  /** For good: a newer generation is on record. */
  readonly isOutdated: boolean;
  /** It may bid as soon as a beat is answered that is on its way: worth another try then. */
  readonly againInMs?: number;
}

/** What the scheduler asks. */
export interface BidGate {
  /** Undefined where this instance may bid. */
  mayBid(): NoBid | undefined;
  /** Monotonic instant at which a beat may change what is decided; Infinity: the usual one is soon enough. */
  readonly nextBeatMs: number;
  /** The ids that requests for run locks and claims name now. Absent: they name none. */
  namedIds?(): LedgerIds;
  /** Called when {@link nextBeatMs} has come nearer. */
  onBeatWanted(listener: () => void): void;
  status(): ElectorateStatus;
}

/**
 * - `bids`      the set stands
 * - `waits`     for nodes, or for an instance of another set to give way
 * - `yields`    a set whose majorities need not meet this one goes on, and this one does not bid beside it
 * - `conflict`  a set that nobody alive uses is on record, and only a person can say that it is over
 * - `outdated`  a newer generation is on record
 */
export type NodeSetCondition = 'bids' | 'waits' | 'yields' | 'conflict' | 'outdated';

export interface ElectorateStatus {
  readonly condition: NodeSetCondition;
  readonly detail: string;
  /** For this long no sign of a set that need not meet ours, alive or on record. Undefined: there is one now. */
  readonly undisputedForMs: number | undefined;
  /** By label of the node, where something is wrong. */
  readonly problems: Readonly<Record<string, NodeProblemCode>>;
  /** By label of the node, by how much at least its clock was set back, where something says so: see clock-set-back.ts. */
  readonly setBackMs?: Readonly<Record<string, number>>;
}

export type NodeProblemCode = 'DSCHED_WRONG_SERVER' | 'DSCHED_NODE_SET_CONFLICT' | 'DSCHED_PROTOCOL_VERSION';

/**
 * Why a set is put on record at a node.
 *
 * - `provisional` nothing was on record anywhere, and not all nodes show the set yet
 * - `first`       all nodes show the set, which stands from now on
 * - `forced`      the same, and not all nodes could be asked
 * - `empty`       the set stands at other nodes, and this one has forgotten
 * - `newer`       in place of an older generation
 * - `taken_over`  in place of a set that nobody uses
 */
export type StampReason = 'provisional' | 'first' | 'forced' | 'empty' | 'newer' | 'taken_over';
