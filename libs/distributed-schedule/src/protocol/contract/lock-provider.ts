/** The run locks. Part of the ports (ports.ts), and apart because they have much to say. */

import type { LineEnds } from './attempt-end.js';
import type { CarriedClaims } from './carried-claims.js';

/** A run lock that this instance was granted. */
export interface HeldLock {
  readonly task: string;
  /** Unique per acquisition. Compared by the store on extend and release. */
  readonly value: string;
}

/** A lock whose lease is renewed. */
export interface LockToExtend extends HeldLock {
  /** Absent: the claims are unknown, so a node without the lock does not restore it. */
  readonly claims?: ShownClaims;
}

/** A lock whose run is over. */
export interface LockToRelease extends HeldLock {
  /** How what ran under it has ended. Absent: nothing ran, or it stands in no line of the nodes. */
  readonly ended?: LineEnds;
}

/** What the holder of a lock has claimed with it: by these a node can tell that somebody else has come after it. */
export interface ShownClaims {
  /** The line of the ledger in which they stand. */
  readonly line: string;
  /** The newest instant that was won. */
  readonly won: number;
  /** Later instants belong to other runs, which may overlap. Absent: all of the line belong to this one or to a successor. */
  readonly upTo?: number;
  /** Ids of the holder's own claims for later instants, which may stand. */
  readonly open: readonly string[];
}

/** Which nodes have granted a request: by the positions of those that have answered so far, and how many were asked. */
export interface LockGrants {
  /** Answers that come after the verdict are added. */
  readonly by: ReadonlySet<string>;
  readonly of: number;
}

export type LockVerdict =
  /** Without `grants` any node that loses sight of the holder is taken for one of a majority. */
  | { readonly kind: 'acquired'; readonly lock: HeldLock; readonly grants?: LockGrants | undefined }
  /** `holder`: an instance id, where known. `freeInMs`: the holder seems dead, and the store frees the lock after this. */
  | { readonly kind: 'held'; readonly holder?: string; readonly freeInMs?: number }
  /** No majority answered in favour or against; nodes in quarantine after a loss of memory count as silent. */
  | { readonly kind: 'no_quorum'; readonly reason: string };

export type ExtendVerdict =
  | { readonly kind: 'extended'; readonly grants?: LockGrants | undefined }
  /** A majority says that the lock is not, or no longer, ours. Final. */
  | { readonly kind: 'lost' }
  /** Not enough answers. The lock may or may not have been extended; try again while trust lasts. */
  | { readonly kind: 'no_quorum'; readonly reason: string };

/** Keeps runs of a task apart and shows dead holders; only the TickLedger makes a tick run once. One verdict per request, in order. */
export interface LockProvider {
  /**
   * Tries once. What a minority granted is taken back first. Trust counts from *before* this call; the caller measures it.
   * @param carried claims that may go with the messages. A provider that leaves them out is asked to claim nothing.
   */
  tryAcquire(
    tasks: readonly string[],
    ttlMs: number,
    carried?: CarriedClaims,
  ): Promise<readonly LockVerdict[]>;
  /** Renews locks that are ours, and restores them where a node lost them; never one after which somebody else locked or claimed. */
  extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]>;
  /** Best effort: what is not freed expires. Every node that answers keeps the ends, even of a lock we lost. Never rejects. */
  release(locks: readonly LockToRelease[]): Promise<void>;
  /** Keeps ends while the lock goes on. Never rejects. Absent: nodes keep none at all, so no run is ever told as `lost`. */
  keepEnds?(ended: readonly LineEnds[]): Promise<void>;
}
