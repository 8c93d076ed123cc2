/** A tick on its way to its run. */

import type { Lease } from '../lease/lease.js';
import type { Instant } from '../time/instant.js';
import type { LedgerIds } from './ledger-id.js';
import type { Claim } from './ports.js';
import type { ScheduledTask } from './tick-context.js';

/** A tick of a task that is due, with its own limit. */
export interface DueTick {
  readonly task: ScheduledTask;
  readonly tick: number;
  /** Not started later than this after the tick, in ms. */
  readonly maxLatenessMs: number;
  /** The number of the attempt that is to be made, from 1. Default 1. */
  readonly attempt?: number;
  /** Default `due`: its time has come. */
  readonly because?: 'due' | StartedLate;
}

/** Why a tick starts outside of its own contest. */
export type StartedLate = 'retake' | 'missed' | 'buffered';

/** The instant that an attempt claims in the ledger, which is its fencing token. */
export function claimedInstant({ tick, attempt = 1 }: Pick<DueTick, 'tick' | 'attempt'>): number {
  return tick + attempt - 1;
}

/** A tick whose lock is ours; once its claim is won, this instance and no other may start it. */
export interface LockedTick {
  readonly due: DueTick;
  /** The tick that was bid for, where the task's history wants another one first. */
  readonly contested?: DueTick;
  readonly claim: Claim;
  readonly lease: Lease;
  /** When its lock was asked for: a machine that is suspended after that starts nothing that has become late. */
  readonly begin: BidBegin;
}

export interface BidBegin {
  readonly attempt: Instant;
  readonly clusterMs: number;
  /** What the request for its lock named; undefined where locks name nothing. */
  readonly namedIds: LedgerIds | undefined;
}
