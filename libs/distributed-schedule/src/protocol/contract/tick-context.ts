import type { Outcome, TickReport } from './outcome.js';
import type { RunInFlight } from './run-in-flight.js';
import type { TaskPolicies } from './task-policies.js';

/** What the handler of an exclusive task is given for one run. */
export interface TickContext {
  /** The task's stable name. */
  readonly task: string;
  /** The scheduled instant: epoch ms of cluster time. Not the moment at which the handler started. */
  readonly tick: number;
  /**
   * Grows strictly from run to run of a task, on whichever instance. Hand it to the store that you write to and
   * let it refuse a token smaller than the last one it saw: that stops a stale holder. Equal to `tick` for the first
   * attempt, and one more for each further one.
   */
  readonly fencingToken: number;
  /**
   * Of the claim that won this attempt, random. It tells two claims of one tick apart where a store has lost what it promised to
   * keep: hand it to your store beside the token, and let it refuse an equal token of another claim.
   */
  readonly claimId: string;
  /** 32 hex digits, the same for every attempt at this tick. */
  readonly idempotencyKey: string;
  /** 1, or more after a retry or a retake. */
  readonly attempt: number;
  /** Random id of the instance on which this runs. */
  readonly instanceId: string;
  /** What was given when the task was added or the run was triggered at run time; else undefined. Shared by all attempts. */
  readonly payload: unknown;
  /**
   * Aborts when the lease can no longer be trusted, with a {@link LeaseLostError}; when the task's `timeoutMs` or
   * `giveUpAfterMs` has passed;
   * when a later tick cancels this run (`overlap: 'cancel_other'`); and at shutdown.
   */
  readonly signal: AbortSignal;
  /** Milliseconds for which the lease can still be trusted without another renewal; 0 when it is gone. */
  remainingMs(): number;
  /** @throws LeaseLostError when the lease can no longer be trusted. Call it right before a write. */
  assertHeld(): void;
}

/** What runs at a tick. Whatever it returns is awaited. */
export type TickHandler = (context: TickContext) => unknown;

/** When a task is due. Pure: the same question has the same answer on every instance. */
export interface Schedule {
  /** Shown to people, such as `every second` or `0 3 * * * (Europe/Vienna)`. */
  readonly description: string;
  /** Without the days on which clocks turn, for checks at boot: what boots in June must boot in October. Absent: no clock matters. */
  readonly ordinary?: Schedule;
  /** The first due instant strictly after `atMs`, whole epoch ms; undefined: there is none any more. */
  nextAfter(atMs: number): number | undefined;
  /** The shortest gap where no clock turns, if known without a search. Undefined: the next ticks are looked at. */
  readonly shortestGapMs?: number | undefined;
}

/** A task as the scheduler knows it. */
export interface ScheduledTask {
  /** Stable identity in the cluster. */
  readonly name: string;
  readonly schedule: Schedule;
  readonly handler: TickHandler;
  /** Overrides the derived limit of {@link maxLatenessMs}; at most half the period. */
  readonly maxLatenessMs?: number;
  /** Default: {@link DEFAULT_POLICIES}. */
  readonly policies?: TaskPolicies;
  /** Where the task may run. Absent: everywhere, all alike. */
  readonly placement?: Placement;
  /** What an attempt at the tick is handed: a new one each time, since a handler may change it. Absent: nothing. */
  readonly payloadOf?: (tick: number) => unknown;
  /** Ticks before this instant of cluster time are not the task's, so none of them was missed. Absent: all are. */
  readonly countsFromMs?: number;
  /** Of a tick that was triggered: the line of its trigger, and the instant at which that was placed first. Absent: no tick was. */
  readonly triggerOf?: (tick: number) => { readonly line: string; readonly placedMs: number } | undefined;
  /** Its lines may be pruned when old. Only with `countsFromMs`: otherwise an unknown task is taken for new. Absent: they stay. */
  readonly isPrunable?: boolean;
}

/** Which instances run a task, by their labels. */
export interface Placement {
  /** Only instances that have all of these labels. Empty: any. */
  readonly runOn: readonly string[];
  /** By label: how much more often than others its instances are first in rank. The largest counts; none: 1. */
  readonly weight: Readonly<Record<string, number>>;
}

/** What can be said about a task at one moment, from this instance's point of view. */
export interface TaskStatus {
  readonly name: string;
  readonly schedule: string;
  /** Whether this instance has the labels that the task asks for; where it has not, it contests no tick of the task. */
  readonly eligible: boolean;
  /** Next due instant, epoch ms of cluster time. */
  readonly nextTick: number | undefined;
  /** The newest finished tick here, whatever its outcome. */
  readonly lastReport: TickReport | undefined;
  /** The newest tick that ran here. */
  readonly lastRun: { readonly tick: number; readonly outcome: Outcome } | undefined;
  /** How many runs are in flight on this instance. */
  readonly running: number;
  /** These runs, oldest first, each with its start. One that was given up is among them until its handler returns. */
  readonly runs: readonly RunInFlight[];
  /** Unclaimed ticks that this instance found since its start. Others find the same: take the largest, not the sum. */
  readonly missed: number;
  /** Ticks whose instance has died before their run is known to have ended, likewise. */
  readonly lost: number;
  /** Runs on this instance that went on for too long since its start, each counted once. Here take the sum over instances. */
  readonly stuck: number;
}
