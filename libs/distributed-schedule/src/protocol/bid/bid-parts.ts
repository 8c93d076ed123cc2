import type { BidGate } from '../contract/electorate-view.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, LockProvider, Random } from '../contract/ports.js';
import type { LeaseKeeper } from '../lease/keep-lease.js';
import type { GuardedLedger } from '../ledger/guarded-ports.js';
import type { ProtocolOptions } from '../options/protocol-options.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { Admission } from './admission.js';
import type { OwnClaims } from './own-claims.js';

/** What an instance needs to bid. */
export interface BidParts {
  readonly instanceId: string;
  readonly options: ProtocolOptions;
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs'>;
  readonly random: Random;
  readonly locks: LockProvider;
  readonly ledger: GuardedLedger;
  readonly observer: ScheduleObserver;
  readonly ownClaims: OwnClaims;
  readonly keeper: Pick<LeaseKeeper, 'doubtIfPresenceLost'>;
  readonly admission: Admission;
  /** Whether a run of the task holds its lock here. Absent: none does. */
  readonly isRunning?: (task: string) => boolean;
  /** Aborts when this instance must not start anything any more. */
  readonly stopped: AbortSignal;
  /** What a shutdown waits for: a message that is not awaited here would be lost with the connections. */
  readonly track: (work: Promise<unknown>) => void;
  /** Whether the nodes of this instance vote for it. Absent: they do. */
  readonly electorate?: Pick<BidGate, 'mayBid' | 'status' | 'namedIds'>;
}
