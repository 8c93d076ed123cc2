/** What may happen, with instants in relation to what the node knows, so that most of them lie at an edge. */

import type { Outcome } from '#src/protocol/contract/outcome.js';
import type { Mishap } from './step.js';

/** Two tasks whose lines may go, one line of a trigger, which may, and one of what runs once, which may not. */
export const TASKS = ['bill', 'Settle.settle', '{trigger}7', 'report{once'];
/** A colon, because a lock is stored as `holder:value`. */
export const INSTANCES = ['ann', 'bob', 'pod:7'];
/** What an instant is counted from. */
type Anchor =
  | {
      readonly anchor:
        | 'now'
        | 'floor'
        | 'since'
        | 'members end'
        | 'highest'
        | 'burntAbove'
        | 'pruned'
        | 'window told';
    }
  /** Of the task that the instant is for: its newest tick, or the end of its lock. */
  | { readonly anchor: 'newest' | 'lock end' };

export type Instant = Anchor & { readonly offsetMs: number };

/** What the made-up instances call this node, and its neighbours. */
export const POSITION = 'n1';
export const OTHERS = ['n2', 'n3', 'n4'];

/** The first meets the second, and none of the others. */
export const SETS: readonly (readonly string[])[] = [
  ['n1', 'n2', 'n3'],
  ['n1', 'n2', 'n3', 'n4'],
  ['n1', 'n8', 'n9'],
  ['single'],
  ['n1', 'n2', 'n3', 'n4', 'n5'],
];

export interface SetDraft {
  /** From the generation on record. */
  readonly generationStep: number;
  /** One of {@link SETS}; absent: the set on record. */
  readonly members?: number;
  readonly leaseTtlMs?: number;
}

/** Absent: what stands, or what the node has noted, or the first id of that position. */
export interface IdDraft {
  readonly counterStep?: number;
  readonly nonce?: string;
}

export type IdsDraft = readonly (readonly [position: string, id: IdDraft])[];

export interface NoteDraft {
  readonly noter: string;
  readonly noterId: IdDraft;
  readonly time: Instant;
  readonly hasVote: boolean;
  /** From that of the node. */
  readonly epochStep: number;
  /** The id of the node that is to be confirmed, as the noter knows it; null: it names none. */
  readonly asked: IdDraft | null;
  readonly ids: IdsDraft;
}

export interface ClaimDraft {
  readonly task: string;
  readonly tick: Instant;
  /** The claim that stands for the task, or one of a few others. */
  readonly claimId: string | 'standing';
  readonly maxLatenessMs: number;
}

export interface LockDraft {
  readonly task: string;
  readonly value: string | 'standing';
  readonly ttlMs: number;
  /** Shown by a renewal; null: unknown. */
  readonly claims: {
    readonly won: Instant;
    /** Null: all instants of the line are about the run. */
    readonly upTo: Instant | null;
    /** Whether the newest claim of the line is the holder's own. */
    readonly isOwn: boolean;
  } | null;
  /** Brought by a release. */
  readonly ends: readonly EndDraft[];
  /** Whether the releasing instance lets runs of the task overlap; another version may not. */
  readonly mayOverlap: boolean;
}

export interface EndDraft {
  readonly instant: Instant;
  readonly claimId: string | 'standing';
  readonly outcome: Outcome;
}

export type Operation =
  | {
      readonly kind: 'claim';
      readonly position: string;
      readonly set: SetDraft;
      /** Null: the claim names no id for the node itself. */
      readonly own: IdDraft | null;
      readonly ids: IdsDraft;
      /** From now; undefined = none. */
      readonly deadline: number | undefined;
      readonly claims: readonly ClaimDraft[];
    }
  /** Locks, and a claim for each. */
  | {
      readonly kind: 'bid';
      readonly instanceId: string;
      readonly position: string;
      readonly set: SetDraft;
      /** Null: the message names no id for the node itself. */
      readonly own: IdDraft | null;
      readonly ids: IdsDraft;
      readonly deadline: number | undefined;
      readonly bids: readonly { readonly lock: LockDraft; readonly claim: ClaimDraft }[];
    }
  | { readonly kind: 'give back'; readonly claims: readonly ClaimDraft[] }
  | { readonly kind: 'peek'; readonly tasks: readonly string[] }
  | {
      readonly kind: 'beat';
      readonly position: string;
      readonly instanceId: string;
      readonly set: SetDraft;
      readonly app: string;
      readonly standsSinceMs: number | undefined;
      readonly yields: boolean;
      readonly ids: IdsDraft;
      readonly tasks: readonly string[];
    }
  | {
      readonly kind: 'note';
      readonly position: string;
      readonly asked: string;
      readonly id: IdDraft;
      readonly set: SetDraft;
    }
  | {
      readonly kind: 'renumber';
      readonly position: string;
      readonly id: IdDraft;
      readonly counterStep: number;
    }
  | { readonly kind: 'raise epoch'; readonly step: number }
  | { readonly kind: 'prune'; readonly windowMs: number; readonly restMs: number }
  | {
      readonly kind: 'confirm';
      /** The node gets a new id before, which has no vote. */
      readonly isAnew: boolean;
      readonly position: string;
      readonly id: IdDraft;
      readonly set: SetDraft;
      /** After which the wait has ended so long ago, from now; undefined = never. */
      readonly overdueMs: number | undefined;
      readonly notes: readonly NoteDraft[];
    }
  | {
      readonly kind: 'stamp';
      readonly set: SetDraft;
      /** From now; null: the stamp is provisional. */
      readonly since: number | null;
      /** Null: the request names no memory. */
      readonly id: IdDraft | null;
      readonly expected: 'standing' | 'none';
      readonly raiseFloor: boolean;
      /** From now; null: by no other node's clock. */
      readonly floorFrom: number | null;
      readonly deadline: number | undefined;
    }
  /** Lines grow old and are forgotten, and what was in them is claimed again, next to where they ended, and given back. */
  | { readonly kind: 'grow old'; readonly edgeMs: number; readonly tasks: readonly string[] }
  /** The node is stamped, if it is not, and confirmed by all others. */
  | { readonly kind: 'bring up' }
  /** The node gets a new id in a set of its own, and some of the others have noted it. */
  | {
      readonly kind: 'nearly noted';
      readonly members: number;
      readonly noters: readonly (readonly [noter: string, hasVote: boolean])[];
    }
  /** An instance tells a set of tasks, of which some are claimed, asks about it, and once more after a change. */
  | {
      readonly kind: 'stand by';
      readonly tasks: readonly string[];
      readonly claims: readonly { readonly task: string; readonly claimId: string }[];
      readonly change: 'give back' | 'claim' | 'evict ledger' | 'fail back' | 'none';
      readonly waitMs: number;
      readonly countStep: number;
      readonly isOtherDigest: boolean;
    }
  /** Another version of the protocol has been there, is asked, and is gone again. */
  | { readonly kind: 'another version' }
  | { readonly kind: 'leave'; readonly instanceId: string }
  | {
      readonly kind: 'trace';
      readonly instanceId: string;
      readonly lines: readonly (readonly [task: string, withLock: boolean])[];
    }
  /** Ends of a line come, and one more so long later that the others may be dropped. */
  | {
      readonly kind: 'ends grow old';
      readonly task: string;
      readonly edgeMs: number;
      readonly count: number;
      readonly mayOverlap: boolean;
    }
  | {
      readonly kind: 'acquire' | 'extend' | 'release';
      readonly instanceId: string;
      /** Undefined = unknown. */
      readonly deadline: number | undefined;
      /** Null: whatever answers. */
      readonly meant: {
        readonly position: string;
        readonly ids: IdsDraft;
        readonly own: IdDraft | null;
      } | null;
      readonly locks: readonly LockDraft[];
    }
  | { readonly kind: 'clock'; readonly to: Instant; readonly task: string }
  | { readonly kind: 'mishap'; readonly mishap: Mishap }
  /** Whoever holds the lock of the task loses its presence, and another instance asks for the lock twice. */
  | { readonly kind: 'death'; readonly task: string; readonly waitMs: number };
