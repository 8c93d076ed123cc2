/** What the parts of an audit stand on, and what they have in common. */

import type { OwnClaims } from '../bid/own-claims.js';
import type { AuditFinding } from '../contract/audit-finding.js';
import type { BidGate } from '../contract/electorate-view.js';
import type { Clock, LockProvider } from '../contract/ports.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import type { GuardedLedger } from '../ledger/guarded-ports.js';
import type { ProtocolOptions } from '../options/protocol-options.js';
import type { RunChains } from '../run/run-chains.js';
import type { RunParts } from '../run/run-parts.js';
import type { RunRegister } from '../run/run-register.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { LoadGauge } from '../time/load-gauge.js';
import type { RunInquiries } from './run-inquiries.js';

/** What instances have told about themselves; see instance-notices.ts. */
export interface InstanceDirectory {
  /** Since when it is there, cluster time; undefined as long as it has not told. */
  sinceMsOf(instanceId: string): number | undefined;
  /** Whether some instance has told this. */
  hasTold(finding: Pick<AuditFinding, 'task' | 'tick' | 'outcome'>): boolean;
  /** Lets the others know that this instance has told it. */
  noteTold(finding: AuditFinding): void;
}

export interface AuditParts
  extends Pick<RunParts, 'instanceId' | 'stopped' | 'members' | 'contenders' | 'labelsOf' | 'beat'> {
  readonly options: Pick<ProtocolOptions, 'leaseTtlMs' | 'nodeTimeoutMs'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>;
  readonly clusterClock: Pick<ClusterClock, 'nowMs'>;
  readonly load: Pick<LoadGauge, 'isBehind'>;
  /** A majority of nodes answered the newest beat. */
  readonly hasQuorum: () => boolean;
  /** The runs of this instance, which may have taken on ticks that came due meanwhile. */
  readonly chains: Pick<RunChains, 'of'>;
  /** The handlers that have not returned here. */
  readonly register: Pick<RunRegister, 'all'>;
  /** Absent: it is not known what others have told, nor since when they are there. */
  readonly directory?: InstanceDirectory;
  /** Whether another set of nodes goes on, whose ticks are for its own instances to watch. */
  readonly electorate?: Pick<BidGate, 'status'>;
  readonly ledger?: Pick<GuardedLedger, 'runsOnce' | 'lineOf'>;
  readonly locks?: Pick<LockProvider, 'keepEnds'>;
  /** What nodes know of an instance that is gone. Absent: no run is told as lost. */
  readonly inquiries?: RunInquiries;
  readonly ownClaims: Pick<OwnClaims, 'fateOf' | 'fateBetween'>;
}

/** True if we have seen no sign of another node set since then; otherwise that set may have run the tick. */
export function isUndisputedSince(
  tick: number,
  nowMs: number,
  electorate: AuditParts['electorate'],
): boolean {
  if (electorate === undefined) return true;
  const { undisputedForMs } = electorate.status();
  return undisputedForMs !== undefined && nowMs - undisputedForMs <= tick;
}

/** How the nodes are asked again before we tell a finding in another's place. */
export interface Recheck<Subject = unknown> {
  readonly subject: Subject;
  /** One for each, in order, and one message for all: after an outage thousands are held. Undefined: nobody can say. */
  areStillSo(subjects: readonly Subject[]): Promise<readonly (boolean | undefined)[]>;
}

export type Found = <Subject>(finding: Omit<AuditFinding, 'instanceId'>, recheck?: Recheck<Subject>) => void;

/** The tasks as they are scheduled now: what was taken away or paused meanwhile is missed by nobody. */
export interface TaskLookup {
  taskOf(name: string): ScheduledTask | undefined;
  tasks(): readonly ScheduledTask[];
}
