/** A tick whose run lock this instance holds. */

import type { DueTick } from '../contract/due-tick.js';
import type { LedgerIds } from '../contract/ledger-id.js';
import type { Claim } from '../contract/ports.js';
import type { Lease } from '../lease/lease.js';
import type { ClockReading } from '../time/clock-reading.js';

/** Once its claim is won, this instance and no other may start it. */
export interface LockedTick {
  readonly due: DueTick;
  /** The tick that was bid for, where the task's history wants another one first. */
  readonly contested?: DueTick;
  readonly claim: Claim;
  readonly lease: Lease;
  /** When its lock was asked for: a machine that is suspended after that starts nothing that has become late. */
  readonly bidAt: BidMoment;
}

export interface BidMoment {
  readonly askedAt: ClockReading;
  readonly clusterMs: number;
  /** What the request for its lock named; undefined where locks name nothing. */
  readonly namedIds: LedgerIds | undefined;
}
