import type { ShownClaims } from '../protocol/contract/ports.js';
import type { HeldVote, LockAddressee } from '../protocol/lease/lock-verdict.js';

export type AcquireVote = HeldVote | { readonly kind: 'acquired' | 'quarantined' | 'too_late' | 'renamed' };

export type ExtendVote = 'extended' | 'lost' | 'quarantined' | 'too_late' | 'renamed';

export interface ExtendAsk extends LockAsk {
  /** What the holder has claimed under its lease; absent: unknown, and a lock that is missing is not made again. */
  readonly claims?: ShownClaims | undefined;
}

export interface LockAsk {
  readonly task: string;
  readonly value: string;
  readonly holder: string;
  readonly ttlMs: number;
  /** Node time after which nobody waits for the answer; 0, or absent: unknown. */
  readonly deadlineMs?: number;
  readonly meant?: LockAddressee;
}
