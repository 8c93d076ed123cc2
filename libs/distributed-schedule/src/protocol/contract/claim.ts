/** Claims of ticks, what nodes say of them, and what that comes to. Part of the ports (ports.ts). */

import type { LedgerIds } from './ledger-id.js';
import type { NodeSet } from './node-set.js';

/** A tick of a task. */
export interface TickRef {
  readonly task: string;
  /** Scheduled instant, epoch ms of cluster time. */
  readonly tick: number;
}

/** A request to be the one that starts a tick. */
export interface Claim extends TickRef {
  /** Random per attempt. A claim id that is shared or derived doubles ticks. */
  readonly claimId: string;
  /** A node refuses the claim when its own clock is past `tick + maxLatenessMs`. */
  readonly maxLatenessMs: number;
  /** The line of the trigger that makes this tick, and the instant there: claimed with it, so that the trigger makes no other one. */
  readonly trigger?: TickRef;
}

/** One reply of the claim script. `setBackMs`: the clock was set back by at least this, and refuses until it catches up. */
export type ClaimVote =
  | { readonly kind: 'granted' }
  /** The node has granted this tick or a later one; `claimId` got it, where it is this very tick. */
  | { readonly kind: 'taken'; readonly claimId?: string; readonly setBackMs?: number }
  /** At or below the floor of a node that may have forgotten, or that of the lines that it pruned. */
  | { readonly kind: 'quarantined'; readonly setBackMs?: number }
  /** Further ahead of the node's clock than EARLY. */
  | { readonly kind: 'early'; readonly setBackMs?: number }
  /** Further behind the node's clock than `maxLatenessMs`. */
  | { readonly kind: 'late' }
  /** Applied after the deadline of this copy of the message. */
  | { readonly kind: 'too_late' }
  /** No set is on record, or one of an older generation. */
  | { readonly kind: 'unstamped' }
  /** A newer generation of the node set is on record. */
  | { readonly kind: 'outdated' }
  /** Another node set of the same generation is on record, whose majorities need not meet the caller's. */
  | { readonly kind: 'conflict' }
  /** The claim names another id for this node, or for some position an older one than this node has noted. */
  | { readonly kind: 'renamed' }
  /** The id of this node has no vote yet. */
  | { readonly kind: 'unconfirmed' }
  /** It came with a lock that the node has refused, so nothing was claimed. */
  | { readonly kind: 'not_asked' }
  /** No message has left for the node. */
  | { readonly kind: 'not_sent' };

/** What a message with claims says about the nodes. */
export interface ClaimTerms {
  readonly set: NodeSet;
  /** The ids of the nodes that count, the asked one among them. */
  readonly ids: LedgerIds;
  /** Node time of the asked node after which it refuses this copy; 0 = none. */
  readonly deadlineMs: number;
}

export interface ClaimReply {
  /** One per claim, in order. */
  readonly votes: readonly ClaimVote[];
  /** With `renamed`: the ids by which the node refused, by position, its own among them where that is another. */
  readonly ids?: LedgerIds;
}

export type ClaimVerdict = {
  /** Nodes that granted, or may have granted, this claim. When the claim is not won these are to be given back. */
  readonly votesOut: number;
  /** Answers are missing that could make it won. It is open still: claimed again with the same id, or given back. */
  readonly undecided?: true;
  /** No answer has come from a majority, to a claim that went with a lock: both may be asked for again. */
  readonly unanswered?: true;
  /** Clocks of nodes, set back by at least this, kept it from being won. */
  readonly setBackMs?: number;
} /** `ids`: what every copy of the message named, by position. Absent where the ledger knows none. */ & (
  | { readonly kind: 'won'; readonly ids?: LedgerIds }
  | { readonly kind: 'taken'; readonly claimId?: string }
  | { readonly kind: 'late' }
  /** Answers enough, but no majority for anybody: bid again. */
  | { readonly kind: 'split' }
  | { readonly kind: 'no_quorum'; readonly reason: string }
  | { readonly kind: 'outdated' }
);

/** Whether a majority that agrees is enough, or every node that answers is to be heard. Absent: a majority. */
export type AnswersWanted = 'majority' | 'all';
