/** What may happen, with instants in relation to what the node knows, so that most of them lie at an edge. */

import type { Mishap } from './step.js';

export const TASKS = ['bill', 'Settle.settle', 'night report'];
/** A colon, because a lock is stored as `holder:value`. */
export const INSTANCES = ['ann', 'bob', 'pod:7'];
/** What an instant is counted from. */
type Anchor =
  | { readonly anchor: 'now' | 'floor' | 'since' | 'members end' }
  /** Of the task that the instant is for: its newest tick, or the end of its lock. */
  | { readonly anchor: 'newest' | 'lock end' };

export type Instant = Anchor & { readonly offsetMs: number };

export interface NodeSetDraft {
  /** From the generation that the node knows. */
  readonly generationStep: number;
  /** Absent: the one that the node knows. */
  readonly fingerprint?: string;
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
}

export type Operation =
  | { readonly kind: 'claim'; readonly nodeSet: NodeSetDraft; readonly claims: readonly ClaimDraft[] }
  | { readonly kind: 'give back'; readonly claims: readonly ClaimDraft[] }
  | { readonly kind: 'peek'; readonly tasks: readonly string[] }
  | { readonly kind: 'beat'; readonly instanceId: string; readonly tasks: readonly string[] }
  | { readonly kind: 'leave'; readonly instanceId: string }
  | {
      readonly kind: 'acquire' | 'extend' | 'release';
      readonly instanceId: string;
      /** Undefined = unknown. */
      readonly deadline: number | undefined;
      readonly locks: readonly LockDraft[];
    }
  | { readonly kind: 'clock'; readonly to: Instant; readonly task: string }
  | { readonly kind: 'mishap'; readonly mishap: Mishap }
  /** Whoever holds the lock of the task loses its presence, and another instance asks for the lock twice. */
  | { readonly kind: 'death'; readonly task: string; readonly waitMs: number };
