// placeholder until the loop stands; the public shape is fixed here
import type { ClusterClock } from './cluster-clock.js';
import type { ScheduleObserver } from './observer.js';
import type { ProtocolOptions } from './options.js';
import type { Clock, LockProvider, Membership, Random, TickLedger } from './ports.js';
import type { ScheduledTask, TaskStatus } from './tick-context.js';

/** Everything a scheduler needs. Built by the composition root (nest/, testing/, the simulator). */
export interface SchedulerParts {
  readonly instanceId: string;
  readonly options: ProtocolOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly clusterClock: ClusterClock;
  readonly locks: LockProvider;
  readonly ledger: TickLedger;
  readonly membership: Membership;
  readonly observer: ScheduleObserver;
  /** `idempotencyKey(namespace, task, tick)`, see system/idempotency-key.ts. */
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Wraps the handler's call, for AsyncLocalStorage. */
  readonly around?: (context: import('./tick-context.js').TickContext, run: () => unknown) => unknown;
}

/** What readiness needs to know. */
export interface SchedulerStatus {
  readonly instanceId: string;
  readonly state: 'idle' | 'running' | 'stopping' | 'stopped' | 'fenced';
  readonly nodes: number;
  readonly nodesAnswering: number;
  /** A majority of nodes answered the last beat. */
  readonly quorum: boolean;
  readonly members: readonly string[];
  /** This machine's wall clock minus cluster time, ms; undefined before the first majority of samples. */
  readonly skewMs: number | undefined;
  readonly tasks: readonly TaskStatus[];
  /** Leases of runs in flight here; `remainingMs` is 0 where one is lost. */
  readonly leases: readonly { readonly task: string; readonly tick: number; readonly remainingMs: number }[];
}

export interface Scheduler {
  /** @throws DistributedScheduleError DSCHED_DUPLICATE_TASK, DSCHED_DURATIONS */
  add(task: ScheduledTask): void;
  remove(name: string): void;
  /** Starts beating and bidding. */
  start(): void;
  /**
   * Stops bidding, drains running handlers within `shutdownTimeoutMs`, aborts the rest, releases every lock,
   * leaves the membership. Resolves when nothing of this scheduler is pending.
   */
  stop(): Promise<void>;
  status(): SchedulerStatus;
  /** Renews the leases of all runs in flight at once; for an adapter that noticed that its presence was gone. */
  renewAll(): void;
}
export declare function createScheduler(parts: SchedulerParts, nodes: number): Scheduler;
