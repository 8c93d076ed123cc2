/**
 * One node: what a quorum is made of. Part of the ports (ports.ts), and apart because a node has much to say about itself.
 */

import type { KeptEnds } from './attempt-end.js';
import type { Claim, ClaimReply, ClaimTerms } from './claim.js';
import type { LedgerId } from './ledger-id.js';
import type {
  BeatSign,
  ConfirmAnswer,
  ConfirmRequest,
  EpochAnswer,
  NodeIdentity,
  NoteAnswer,
  NoteRequest,
  StampAnswer,
  StampRequest,
} from './node-identity.js';
import type { PruneAnswer, PruneRequest } from './prunable-lines.js';
import type { StandbyQuestion } from './standby-set.js';

/** One node's reply, or why there is none. No reply is *no vote*, whatever the cause. */
export type NodeReply<T> =
  | {
      readonly answered: true;
      readonly value: T;
      /** The node's clock when it answered, epoch ms with fractions. */
      readonly nodeTimeMs: number;
    }
  | {
      readonly answered: false;
      /** For people; nothing is decided by it. */
      readonly reason: string;
      /** The version of the protocol that has written there, where it is another one. */
      readonly otherVersion?: number;
    };

export function answersOf<T>(replies: readonly NodeReply<T>[]): readonly T[] {
  return replies.flatMap((reply) => (reply.answered ? [reply.value] : []));
}

/** What a node knows about the newest tick of a task. */
export interface NodeTick {
  /** 0 when the node knows none. */
  readonly tick: number;
  readonly claimId?: string;
  /** `claimId` has a digest behind the name of the instance: two nodes give equal ones for equal claims only. Never with a floor. */
  readonly isShort?: true;
  /** It grants nothing up to here, because it may have forgotten. Absent where that is not after `tick`. */
  readonly floor?: number;
  /** With `tick` 0: it may have pruned the task's line up to here, and grants nothing there. Absent: it has not. */
  readonly prunedUpTo?: number;
  /** A raise of the epoch has left behind what was granted: nobody has `tick`, nor what lies below it. */
  readonly isLeftBehind?: true;
}

export interface BeatReply {
  /** The live instances, the caller among them. */
  readonly members: readonly string[];
  /** One per asked task. */
  readonly ticks: readonly NodeTick[];
  /** One per task of the standby set that was asked about. Absent: nothing is known of it, or another number of tasks. */
  readonly standby?: readonly NodeTick[];
  readonly identity: NodeIdentity;
}

/** A question about an instance that seems to be gone, and about what it has claimed. */
export interface InquiryRequest {
  readonly instanceId: string;
  readonly lines: readonly InquiredLine[];
}

export interface InquiredLine {
  readonly line: string;
  /** The run lock that goes with it. Absent: only whether the newest claim of the line is the instance's. */
  readonly lock?: string;
}

/**
 * Whether a node takes an instance for alive.
 *
 * - `alive`   it is a member
 * - `silent`  its process may be there: its last beat is too old, or it has left, and its connection stands, or cannot be seen
 * - `gone`    its connections have ended, as the kernel does for a process that has died
 * - `unknown` the node has not been there for long enough to know
 */
export type LifeSign = 'alive' | 'silent' | 'gone' | 'unknown';

/** What a node knows of one line. */
export interface LineInquiry {
  readonly newest: NodeTick;
  /** It may have forgotten ends up to here, also where the newest tick lies behind it. */
  readonly floor: number;
  readonly ends: KeptEnds;
  /** The lock that was asked for, where it stands. */
  readonly lock?: { readonly holder?: string; readonly leftMs: number };
}

export interface InquiryReply {
  readonly sign: LifeSign;
  /** One per asked line; undefined where no lock was asked for and the newest claim is not the instance's. */
  readonly lines: readonly (LineInquiry | undefined)[];
}

/** One store as seen by the ledger and the membership. Calls never reject and end within the node timeout. */
export interface VotingNode {
  /** Shown in logs and health: no host name, no secret. */
  readonly label: string;
  /** Its place in the set of nodes, by address: for comparing, not for showing. */
  readonly position: string;
  claim(claims: readonly Claim[], terms: ClaimTerms): Promise<NodeReply<ClaimReply>>;
  /** A copy of these claims leaves now with the message for their locks. Answers whom to tell what the node says of them. Absent: they go by themselves only. */
  carry?(claims: readonly Claim[], deadlineMs: number): (reply: NodeReply<ClaimReply>) => void;
  giveBack(claims: readonly Claim[]): Promise<NodeReply<void>>;
  peek(tasks: readonly string[]): Promise<NodeReply<readonly NodeTick[]>>;
  /** Records a sign of life; answers with the live instances, the newest ticks of the tasks and who the node is. */
  beat(
    instanceId: string,
    sign: BeatSign,
    tasks: readonly string[],
    question?: StandbyQuestion,
  ): Promise<NodeReply<BeatReply>>;
  /** Equal for equal lists of tasks only. Absent: it keeps no standby sets, and beats bring it no question about one. */
  digestOf?(tasks: readonly string[]): string;
  leave(instanceId: string): Promise<NodeReply<void>>;
  /** What it knows of an instance and its runs, without effect. */
  inquire(request: InquiryRequest): Promise<NodeReply<InquiryReply>>;
  /** Asks this node to refuse, from now on, every claim that names an older id of another position. */
  note(request: NoteRequest): Promise<NodeReply<NoteAnswer>>;
  /** Raises the counter of this very id while it has no vote, or above its own, which costs the vote. Answers the id that stands. */
  renumber(id: LedgerId, counter: number): Promise<NodeReply<LedgerId>>;
  /** Leaves behind what an older epoch granted ahead of its clock; the memory gets a new id without a vote. 0: only asks. */
  raiseEpoch(epoch: number): Promise<NodeReply<EpochAnswer>>;
  /** Forgets lines that are old, a slice of them, after the floor has been raised that stands for them. */
  prune(request: PruneRequest): Promise<NodeReply<PruneAnswer>>;
  /** Lets this node vote where the other nodes have noted its id. */
  confirm(request: ConfirmRequest): Promise<NodeReply<ConfirmAnswer>>;
  /** Puts a set on record, only in place of the one that the caller has seen there. */
  stamp(request: StampRequest): Promise<NodeReply<StampAnswer>>;
  /** The latest that the node's clock can show when a call that is sent now ends here; 0 when unknown. */
  callDeadlineMs(): number;
  /** Told each time the node may be asked again after it could not be: the connection is new, and its server fit to vote. */
  onBack?(listener: () => void): void;
  /** Connects anew: behind the address stands another server than the one that the others know. */
  reconnect?(): void;
}
