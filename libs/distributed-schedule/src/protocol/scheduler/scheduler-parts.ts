/** What a scheduler is made of, and what it says of itself. */

import type { InstanceDirectory } from '../audit/audit-source.js';
import type { RunInquiries } from '../audit/run-inquiries.js';
import type { AuditCounts } from '../contract/audit-finding.js';
import type { BidGate, ElectorateStatus } from '../contract/electorate-view.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, LockProvider, Membership, Random, TickLedger } from '../contract/ports.js';
import type { RunInFlight } from '../contract/run-in-flight.js';
import type { TaskStatus, TickContext } from '../contract/tick-context.js';
import type { PruningPace } from '../ledger/pruning.js';
import type { BeatReach } from '../members/beat-tally.js';
import type { LabelsOf } from '../members/ranking.js';
import type { ProtocolOptions } from '../options/protocol-options.js';
import type { ClusterClock } from '../time/cluster-clock.js';

/** Everything a scheduler needs. Built by the composition root (nest/, testing/, the simulator). */
export interface SchedulerParts {
  readonly instanceId: string;
  /** Number of configured nodes. */
  readonly nodes: number;
  readonly options: ProtocolOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly clusterClock: ClusterClock;
  readonly locks: LockProvider;
  readonly ledger: TickLedger;
  readonly membership: Membership;
  /** Whether the nodes that `ledger` asks vote for this instance. Absent: nobody can tell before they are asked. */
  readonly electorate?: BidGate;
  /** Tasks that are claimed elsewhere: `ledger` is asked about them. Absent: only those that run once. */
  readonly isElsewhere?: (task: string) => boolean;
  /** Labels of this instance and of others, as far as known. Absent: nobody has any. */
  readonly labelsOf?: LabelsOf;
  /** Whether another instance runs a task, as far as known: other apps share the nodes. Absent: all do. */
  readonly runsTask?: (instanceId: string, task: string) => boolean;
  /** What other instances have told about themselves, for the audit. Absent: nothing is known. */
  readonly directory?: InstanceDirectory;
  /** What nodes know of the runs of an instance that is gone, for the audit. Absent: no run is told as lost. */
  readonly inquiries?: RunInquiries;
  /** How often nodes are to prune old lines, and which. Absent: once an hour, what is older than a day. */
  readonly pruning?: PruningPace;
  /** Told right before a beat leaves: what else is to be sent about now leaves with it. */
  readonly onBeat?: () => void;
  readonly observer: ScheduleObserver;
  /** The key for a task's tick, see system/idempotency-key.ts. */
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Calls the handler with its context in scope, as AsyncLocalStorage does. Plain call when absent. */
  readonly around?: (context: TickContext, run: () => unknown) => unknown;
  /** Makes the controller of a signal that a handler asks for. Absent: Node warns from its eleventh listener on. */
  readonly newController?: () => AbortController;
}

export type SchedulerState = 'idle' | 'running' | 'stopping' | 'stopped' | 'fenced';

/** How the store is reached by the beats of this instance. */
export interface StoreReach extends BeatReach {
  readonly state: SchedulerState;
  /** Our cluster time is ahead of the nodes by this, since their clocks were set back. Absent: unknown. */
  readonly clockAheadMs?: number;
}

/** What health and the registry need to know. */
export interface SchedulerStatus extends StoreReach {
  readonly instanceId: string;
  readonly nodes: number;
  /** Whether the set of nodes stands, and what is wrong with its nodes. Undefined: nobody watches it here. */
  readonly nodeSet: ElectorateStatus | undefined;
  /** Ids of the live instances. */
  readonly members: readonly string[];
  /** This machine's wall clock minus cluster time; undefined until a majority of nodes was heard. */
  readonly skewMs: number | undefined;
  /** Ticks that were missed or lost, and own runs that were stuck, of all tasks, as far as this instance has found since its start. */
  readonly audit: AuditCounts;
  readonly tasks: readonly TaskStatus[];
  /** Handlers that have been called here and have not returned, oldest first, also of tasks that are gone. */
  readonly runs: readonly RunInFlight[];
  /** Leases of runs in flight here; `remainingMs` is 0 where one is lost. */
  readonly leases: readonly { readonly task: string; readonly tick: number; readonly remainingMs: number }[];
}
