/** The run locks. Part of the ports (ports.ts), and apart because they have much to say. */

import type { LineEnds } from './attempt-end.js';

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
  /**
   * Somebody else holds it. `holder` is the instance id where the store knows it. With `freeInMs` the holder seems
   * to be dead, and the store frees the lock after this.
   */
  | { readonly kind: 'held'; readonly holder?: string; readonly freeInMs?: number }
  /** No majority answered in favour or against; nodes in quarantine after a loss of memory count as silent. */
  | { readonly kind: 'no_quorum'; readonly reason: string };

export type ExtendVerdict =
  | { readonly kind: 'extended'; readonly grants?: LockGrants | undefined }
  /** A majority says that the lock is not, or no longer, ours. Final. */
  | { readonly kind: 'lost' }
  /** Not enough answers. The lock may or may not have been extended; try again while trust lasts. */
  | { readonly kind: 'no_quorum'; readonly reason: string };

/**
 * The run lock of a task: it keeps runs from overlapping and shows that a holder died. It is *not* what makes a
 * tick run once; that is the TickLedger of ports.ts. One verdict per request, in order.
 */
export interface LockProvider {
  /**
   * Tries once, without waiting for a holder. Whatever was granted by a minority is taken back before the
   * verdict. Trust in an acquired lock counts from *before* this call, which the caller measures.
   */
  tryAcquire(tasks: readonly string[], ttlMs: number): Promise<readonly LockVerdict[]>;
  /**
   * Sets the time to live of locks that are still ours, and makes them again on nodes that have missed or lost them. Does not revive a
   * lock that somebody else took, nor one after which somebody else has claimed the task: such a lock stays `lost`.
   */
  extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]>;
  /**
   * Frees the locks that are still ours, best effort. What is not freed expires. The ends that go with them are kept by every node
   * that answers, also where a lock is not ours any more. Never rejects.
   */
  release(locks: readonly LockToRelease[]): Promise<void>;
  /**
   * The same of runs whose lock goes on: another one follows under it, or it runs out by itself. Never rejects. Absent: nodes keep no
   * ends, also not those that releases bring. Then nobody can tell a run that was lost with its instance from one that had ended, and
   * none is told as `lost`.
   */
  keepEnds?(ended: readonly LineEnds[]): Promise<void>;
}
