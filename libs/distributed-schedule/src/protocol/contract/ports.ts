/**
 * What the protocol needs from the world, and all that it knows of it.
 * A port takes all the work of one instant in one message per node, and *answers*: it rejects only for a bug.
 */

import type { ClaimsOnTheWay } from './carried-claims.js';
import type { AnswersWanted, Claim, ClaimVerdict, TickRef } from './claim.js';
import type { PruneAnswer, PruneRequest } from './prunable-lines.js';
import type { StandbyTicks } from './standby-set.js';
import type { StopSignal } from './stop.js';

export type { CarriedClaims, ClaimsOnTheWay } from './carried-claims.js';
export type {
  AnswersWanted,
  Claim,
  ClaimReply,
  ClaimTerms,
  ClaimVerdict,
  ClaimVote,
  TickRef,
} from './claim.js';
export type {
  ExtendVerdict,
  HeldLock,
  LockGrants,
  LockProvider,
  LockToExtend,
  LockToRelease,
  LockVerdict,
  ShownClaims,
} from './lock-provider.js';
export type {
  BeatReply,
  InquiredLine,
  InquiryReply,
  InquiryRequest,
  LifeSign,
  LineInquiry,
  NodeReply,
  NodeTick,
  VotingNode,
} from './voting-node.js';

/** Time. The only source of it for the protocol, so that a simulator can own it. */
export interface Clock {
  /** Milliseconds (with fractions) on a clock that never steps. Its zero means nothing. */
  monotonicMs(): number;
  /** Milliseconds since the epoch on this machine's wall clock, which may step and drift. */
  wallMs(): number;
  /** Resolves at the instant or a few ms later, early on abort. May round early: check the clock again. Never rejects. */
  sleepUntil(monotonicMs: number, signal?: StopSignal): Promise<void>;
  /** The same to a fraction of a millisecond, which costs CPU: for the start of a tick only. */
  wakeExactlyAt(monotonicMs: number): Promise<void>;
  /** Resolves when the event loop has seen to what else waits. Absent: work is not cut into portions. */
  turn?(): Promise<void>;
}

/** Randomness, seeded in a simulation. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** At least 128 unpredictable bits as lower-case hex digits. Two calls never give the same text. */
  id(): string;
}

/** One node's time, read from a reply that was wanted anyway. */
export interface TimeSample {
  /** Index of the node in the configured order. */
  readonly node: number;
  /** Monotonic instants around the call. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The node's TIME, epoch ms with fractions. */
  readonly nodeTimeMs: number;
}

// ---- ledger -----------------------------------------------------------------------------------------------

/** What a ledger says of one tick. It may leave out what it cannot tell; ledger/line-past.ts says what that comes to. */
export type PeekVerdict = {
  /** No tick at or before this can be won; a silent node counts as a grant. 0: unknown task. Absent: policies do not look back. */
  readonly newest?: number;
  /** `newest` was granted to nobody: it is where the memory of a node that has forgotten begins. */
  readonly isFloor?: true;
  /** With `newest` 0: no tick at or before this can be won all the same, since nodes may have forgotten what they granted. */
  readonly forgottenUpTo?: number;
  /** With `newest` 0: up to here a node may have pruned what it granted, and nothing after it. */
  readonly prunedUpTo?: number;
  /** The newest instant that any node which answered has granted, 0 for none. Absent when the ledger cannot tell. */
  readonly highest?: number;
  /** The same, or may have granted before a loss of memory, as any new node may have. Absent: as `highest`. */
  readonly highestPossible?: number;
  /** A majority of node clocks showed at least this, epoch ms: what was late by then nobody can win. Absent: the ledger cannot tell. */
  readonly nodeTimeMs?: number;
  /** Clocks of nodes, set back by at least this, keep the tick from being won; whether anybody has claimed it is unknown. */
  readonly setBackMs?: number;
} & (
  | {
      /** A majority has granted this very tick to one claim, or has moved past it. */
      readonly kind: 'taken';
      readonly claimId?: string;
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'unknown' }
);

/**
 * Per task the highest tick granted, on a majority. ARCHITECTURE.md argues why no tick is won twice, without clock or expiry.
 *
 * A custom ledger must claim and give back. Without `newest` no policy looks back, and nothing is `missed` `while_down`;
 * without it or `highest` timeouts never run. With only `unknown` the audit stays unsure of every tick without a report.
 */
export interface TickLedger {
  /** At most one claim id ever gets `won` for a tick. A claim that is repeated with the same id is harmless. */
  claim(claims: readonly Claim[], answers?: AnswersWanted): Promise<readonly ClaimVerdict[]>;
  /** Claims that may go with the message for their locks. Undefined, or absent: these are claimed by a message of their own. */
  carry?(claims: readonly Claim[]): ClaimsOnTheWay | undefined;
  /** Best effort, never rejects. Only for the owner of the claims, once it has decided never to run the ticks. */
  giveBack(claims: readonly Claim[]): Promise<void>;
  /** A hint without effect: whether a bid still makes sense. */
  peek(ticks: readonly TickRef[], answers?: AnswersWanted): Promise<readonly PeekVerdict[]>;
  /** True for a timeout, of which at most one tick runs. It is bid for alone, as its claims take four steps. */
  runsOnce?(task: string): boolean;
  /** Lets nodes prune old lines, see prunable-lines.ts; adds up their answers. Absent: none is pruned. Never rejects. */
  prune?(request: PruneRequest): Promise<PruneAnswer>;
  /** Where nodes keep this task's runs. Undefined: elsewhere; then nodes see no successor and restore no lock. */
  lineOf?(task: string): string | undefined;
}

// ---- membership -------------------------------------------------------------------------------------------

export interface BeatVerdict {
  /** Ids of the live instances, sorted; at least the caller. A hint: it may be wrong. */
  readonly members: readonly string[];
  /** One per requested tick. */
  readonly peeks: readonly PeekVerdict[];
  /** Places in `peeks` of what a short answer does not settle: it is asked about in full, and not taken for an answer. */
  readonly unsettled?: readonly number[];
  /** How many configured nodes answered. */
  readonly nodesAnswering: number;
}

/** Who is alive, and which ticks are taken. A hint: a wrong one may delay a tick or split a vote, never double one. */
export interface Membership {
  /** @param standby peeks at its tick may be answered in short, with a claim id that names its instance only; never one of the caller */
  beat(instanceId: string, peeks: readonly TickRef[], standby?: StandbyTicks): Promise<BeatVerdict>;
  /** Removes the instance at once, so that the next in rank takes over without waiting. Never rejects. */
  leave(instanceId: string): Promise<void>;
}
