/** What a node tells about itself, about the other nodes and about the sets that it has met. */

import type { LedgerId, LedgerIds } from './ledger-id.js';
import type { NodeSet, SetStamp } from './node-set.js';

/** A node's word that it refuses every claim which names an older id of a position. */
export interface Note {
  /** Position of the node that has noted. */
  readonly noter: string;
  readonly noterId: LedgerId;
  /** The noter's clock, and at least the newest instant that it has granted, or may have granted before it forgot. */
  readonly timeMs: number;
  /** Whether the noter's own id votes. Of one that does not, nobody knows yet whether it is the server that all others mean. */
  readonly hasVote: boolean;
  /** The newest ids that the noter knows, by position: its own, and the noted one among them. */
  readonly ids: LedgerIds;
  /** Of the noter. What it has granted in an older one than another node's is no concern of that node: see epochs in clock.md. */
  readonly epoch: number;
}

/** A set that instances have shown in beats that are not missed yet. */
export interface LiveSet {
  readonly set: NodeSet;
  /** The oldest instant that one of them names; undefined while no stamp of the set stands. */
  readonly standsSinceMs: number | undefined;
  /** Members among them. 0: all their connections have ended, so they are dead or reconnecting. */
  readonly instances: number;
  /** The application of the one that beat last. */
  readonly app: string;
  /** They have lost against another set and do not bid. What they were granted before stands. */
  readonly yields: boolean;
}

export interface NodeIdentity {
  readonly id: LedgerId;
  /** The id votes at the position where it was asked. */
  readonly hasVote: boolean;
  /** Node time since when this id has listened to beats. */
  readonly sinceMs: number;
  /** Node time of the answer, whole ms. */
  readonly nowMs: number;
  /** The newest id that this node has noted, by position of the asking set. Its own position is not among them. */
  readonly noted: LedgerIds;
  readonly stamp: SetStamp | undefined;
  /** Other sets than the caller's that live instances show here. Of one set, those that yield are an entry of their own. */
  readonly liveSets: readonly LiveSet[];
  /** How often what was granted by a clock that was set back has been left behind. */
  readonly epoch: number;
  /** By how much at least its clock, or one that it has heard of, was set back; 0 where nothing says so. */
  readonly setBackMs: number;
}

/** What a node says of its epoch, and of its clock before it was raised. */
export interface EpochAnswer extends Pick<NodeIdentity, 'id' | 'epoch' | 'setBackMs'> {
  /** Raised by this very call. */
  readonly isRaised: boolean;
}

/** What an instance says of itself with each beat. */
export interface BeatSign {
  readonly set: NodeSet;
  readonly app: string;
  /** Since when a stamp of its set stands; undefined while it knows of none. */
  readonly standsSinceMs: number | undefined;
  /** It has lost against another set and does not bid. */
  readonly yields: boolean;
  /** The ids that it is connected to, by position: only of nodes that answered its beat before. */
  readonly ids: LedgerIds;
}

export interface NoteRequest {
  /** The position whose new id is to be noted. */
  readonly position: string;
  readonly id: LedgerId;
  readonly set: NodeSet;
}

export type NoteAnswer =
  | { readonly kind: 'noted'; readonly note: Note }
  /** The noter knows a newer id of the position, or another one of the same counter. */
  | { readonly kind: 'not_newer'; readonly newest: LedgerId }
  /** An instance whose beats are not missed yet named another id of the position with its last one. */
  | { readonly kind: 'in_use'; readonly by: string }
  /** The noter is stamped by a set that need not meet the caller's. */
  | { readonly kind: 'foreign' };

export interface ConfirmRequest {
  readonly id: LedgerId;
  readonly notes: readonly Note[];
  readonly set: NodeSet;
  /** Without enough notes for this long the id votes with what a majority knows; undefined: never. */
  readonly waitMs: number | undefined;
}

export type ConfirmAnswer =
  /** It votes, now or already. `isForced`: this very call ended the wait, without enough notes. */
  | { readonly kind: 'voting'; readonly isForced?: true }
  /** Too few of the notes are valid. */
  | { readonly kind: 'void'; readonly have: number }
  /** Too few are valid, and the wait ends at that node time at the earliest. */
  | { readonly kind: 'waiting'; readonly untilMs: number }
  | { readonly kind: 'other_id'; readonly id: LedgerId }
  /** The node is stamped by a set that need not meet the caller's. */
  | { readonly kind: 'foreign' };

export interface StampRequest {
  readonly stamp: SetStamp;
  /** The memory that was decided on: one that has come since has listened to nobody. Absent: whatever answers. */
  readonly id?: LedgerId;
  /** `stampText` of what is on record, `''` for none. */
  readonly expected: string;
  /** Refuse what the set on record may have granted. */
  readonly raiseFloor: boolean;
  /** The same up to an instant by the clock of another node. Absent: none. */
  readonly floorFromMs?: number;
  /** In node time; 0 = none. An instance that was suspended must not stamp with what it knew before. */
  readonly deadlineMs: number;
}

/** `changed`: something else than `expected` is on record, or in another memory than was decided on. */
export type StampAnswer = 'stamped' | 'changed' | 'too_late';
