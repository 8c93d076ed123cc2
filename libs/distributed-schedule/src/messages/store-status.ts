/** What is told of the store as a whole, and of each of its nodes. */

/**
 * What the store can promise. `quorum`: a majority of independent masters decides, and each may fail or forget.
 * `single`: one master, without which nothing runs. `best_effort`: a Sentinel or Cluster among them, whose failover
 * can lose a grant and so double a tick. `memory`: nothing beyond this process.
 */
export type StoreStrength = 'quorum' | 'single' | 'best_effort' | 'memory';

/** One node as this instance sees it: no host name, no secret. */
export interface StoreNodeStatus {
  /** Such as `node 1`, in the order of the `redis` option. */
  readonly label: string;
  readonly answering: boolean;
  /** The code of the reason why a node that is up gives no vote. */
  readonly problem?: string;
  /** Why it gives no vote, what was measured and what to do, in words. Absent while it votes, or nothing is known yet. */
  readonly why?: string;
  /** What is odd about it, although it votes. */
  readonly warnings?: readonly string[];
}

/** The store as this instance sees it. */
export interface StoreStatus {
  readonly strength: StoreStrength;
  readonly nodes: readonly StoreNodeStatus[];
}
