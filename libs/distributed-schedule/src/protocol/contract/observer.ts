import type { AuditFinding } from './audit-finding.js';
import type { NodeSetCondition, StampReason } from './electorate-view.js';
import type { Outcome, TickReport } from './outcome.js';

/**
 * What may hold for a task beside its definition in the code of this instance.
 *
 * - `paused`         only triggered ticks are due
 * - `rescheduled`    it was given another schedule at run time
 * - `follows_newer`  an instance of a newer version of the app lives, and this one runs the task by its schedule
 * - `left_to_newer`  such an instance lives, and this one must not follow it: it leaves the task to those of that version
 * - `other_app`      another app of the namespace has a task of this name, and had it first: this one leaves it alone
 * - `name_shared`    another app has a task of this name as well, and leaves it to this one
 * - `elsewhere`      only another version of the app has it
 * - `left_alone`     it was added at run time, and this instance has no handler for it or cannot use its definition
 * - `unusable`       the schedule that was decided cannot be used here: this instance leaves the task alone
 */
export type ControlCondition =
  | 'paused'
  | 'rescheduled'
  | 'follows_newer'
  | 'left_to_newer'
  | 'other_app'
  | 'name_shared'
  | 'elsewhere'
  | 'left_alone'
  | 'unusable';

/**
 * - `new`           another memory answers there than before
 * - `votes`         it may vote: enough other nodes have noted it
 * - `forced`        it votes without that, after `identityWaitMs`: servers that the others could still take for it may vote too
 * - `wrong_server`  this instance is connected to another server than the others
 * - `other_version` another version of the protocol has written there
 */
export type IdentityCondition = 'new' | 'votes' | 'forced' | 'wrong_server' | 'other_version';

/** What the scheduler tells its observers. Events carry no secrets and no host names. */
export type ScheduleEvent =
  /** A tick has ended on this instance; exactly one per task and tick. */
  | { readonly type: 'tick'; readonly report: TickReport }
  /** The handler of a tick has been called here. */
  | {
      readonly type: 'started';
      readonly task: string;
      readonly tick: number;
      readonly attempt: number;
      /** Whether this instance has made an attempt at this tick before. */
      readonly isRetry: boolean;
      readonly latenessMs: number;
    }
  /** An attempt has failed, and another one follows here after `delayMs`. */
  | {
      readonly type: 'retry';
      readonly task: string;
      readonly tick: number;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: unknown;
    }
  /** An attempt runs for longer than `timeoutMs`; its signal has aborted. Told when that happens, also where another attempt follows. */
  | {
      readonly type: 'timed_out';
      readonly task: string;
      readonly tick: number;
      readonly attempt: number;
      readonly timeoutMs: number;
      /** Whether another attempt may follow, here when its handler has returned, or elsewhere when it is taken up again. */
      readonly mayBeRepeated: boolean;
    }
  /** An attempt runs for longer than `giveUpAfterMs`: its lease is let go. Told of each, also where the tick has had its verdict before. */
  | {
      readonly type: 'given_up';
      readonly task: string;
      readonly tick: number;
      readonly attempt: number;
      readonly giveUpAfterMs: number;
    }
  /** A handler has returned after the verdict of its run was told. It decides nothing. */
  | {
      readonly type: 'late_end';
      readonly task: string;
      readonly tick: number;
      readonly attempt: number;
      /** What was told. */
      readonly outcome: Outcome;
      readonly hasThrown: boolean;
      /** What it has thrown. */
      readonly error: unknown;
      /** How long it ran, and how long after its verdict it has returned. */
      readonly durationMs: number;
      readonly sinceToldMs: number;
    }
  /** Nobody ran a tick, its run died with its instance, or goes on for too long. Told by one instance, at least once. */
  | { readonly type: 'audit'; readonly finding: AuditFinding }
  /** The lease of a run was renewed; `trustedUntilMs` is a monotonic instant of this process. */
  | {
      readonly type: 'renewed';
      readonly task: string;
      readonly tick: number;
      readonly trustedUntilMs: number;
    }
  /** The lease of a run can no longer be trusted; its signal has aborted. */
  | { readonly type: 'lease_lost'; readonly task: string; readonly tick: number; readonly reason: string }
  /** A majority of nodes was lost or has returned. */
  | {
      readonly type: 'quorum';
      readonly reached: boolean;
      readonly nodesAnswering: number;
      readonly nodes: number;
    }
  /** The set of live instances changed. */
  | { readonly type: 'members'; readonly members: readonly string[] }
  /** Something holds for a task from now on, or does no more. Told by every instance for itself. */
  | {
      readonly type: 'control';
      readonly task: string;
      readonly condition: ControlCondition;
      readonly isActive: boolean;
      readonly detail: string;
    }
  /** This instance has stopped bidding for good. */
  | { readonly type: 'fenced'; readonly reason: 'outdated' }
  /** Which server answers at a node has changed, or whether it may vote. */
  | {
      readonly type: 'identity';
      readonly node: string;
      readonly condition: IdentityCondition;
      readonly detail: string;
    }
  /** Whether the set of nodes of this instance stands, and so whether it bids. */
  | { readonly type: 'node_set'; readonly condition: NodeSetCondition; readonly detail: string }
  /** This instance has put its set of nodes on record at a node. */
  | { readonly type: 'stamped'; readonly node: string; readonly reason: Exclude<StampReason, 'provisional'> }
  /** A bug, or an observer or handler hook that threw. Nothing else ends here. */
  | { readonly type: 'error'; readonly error: unknown; readonly where: string };

/** Watches the scheduler. Called synchronously off the path of a tick where possible; must not throw. */
export interface ScheduleObserver {
  observe(event: ScheduleEvent): void;
}

/** A part of this library that acts when a tick ends. Told before the observers, which only watch. */
export interface TickListener {
  tickEnded(report: TickReport): void;
}
