/** What a ledger knows of the past of one task, in full: no reader needs a fallback of its own. Made in ledger/line-past.ts. */

export interface LinePast {
  /** False: the ledger cannot tell. Policies that look back then find nothing to do. */
  readonly canTell: boolean;
  /** False: the ledger cannot name what it has granted. What runs once in all then never runs. */
  readonly knowsGrants: boolean;
  /** No tick at or before this can be won; 0: none. A silent or forgetful node counts as one that granted. */
  readonly closedUpTo: number;
  /** Who closed it: a claim, nodes that may have forgotten one, or nodes that never heard of the task. */
  readonly closedBy: 'claim' | 'floor' | 'nobody';
  /** The newest instant that any node which answered has granted; 0 for none. */
  readonly grantedUpTo: number;
  /** The same, or may have granted before it lost its memory: nothing after it was ever won. */
  readonly possiblyGrantedUpTo: number;
  /** Of a task that nobody knows: up to here a node may have pruned what it granted. */
  readonly prunedUpTo: number;
  /** A majority of node clocks showed at least this, epoch ms: what was late by then nobody can win. Infinite: not told. */
  readonly nodeTimeMs: number;
}

/** What a ledger says of one tick, and of the past of its task. */
export type PeekAnswer = {
  /** Clocks of nodes, set back by at least this, keep the tick from being won; whether anybody claimed it is unknown. */
  readonly setBackMs?: number;
  readonly past: LinePast;
} & (
  | { readonly kind: 'taken'; readonly claimId?: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'unknown' }
);

/** Where the task's line ends; 0 where nobody knows the task, whatever is closed. */
export function newestInstant({ closedBy, closedUpTo }: LinePast): number {
  return closedBy === 'nobody' ? 0 : closedUpTo;
}

/** The same past with one more claim, which the ledger may not show yet. */
export function withClaim(past: LinePast, instant: number): LinePast {
  if (instant >= past.closedUpTo) return { ...past, closedUpTo: instant, closedBy: 'claim' };
  return past.closedBy === 'nobody' ? { ...past, closedBy: 'floor' } : past;
}
