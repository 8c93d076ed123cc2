import type { Outcome, TickReport } from './outcome.js';

/** What the handler of an exclusive task is given for one run. */
export interface TickContext {
  /** The task's stable name. */
  readonly task: string;
  /** The scheduled instant: epoch ms of cluster time. Not the moment at which the handler started. */
  readonly tick: number;
  /**
   * Grows strictly from run to run of a task, on whichever instance. Hand it to the store that you write to and
   * let it refuse a token smaller than the last one it saw: that stops a stale holder. Equal to `tick` for
   * scheduled runs.
   */
  readonly fencingToken: number;
  /** 32 hex digits, the same for every attempt at this tick. */
  readonly idempotencyKey: string;
  /** 1, or more after a retake. */
  readonly attempt: number;
  /** Random id of the instance on which this runs. */
  readonly instanceId: string;
  /** Aborts when the lease can no longer be trusted, with a {@link LeaseLostError}, or at shutdown. */
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
  /**
   * The first due instant strictly after `epochMs`, or undefined when there is none any more.
   * Epoch ms, whole numbers.
   */
  nextAfter(epochMs: number): number | undefined;
}

/** A task as the scheduler knows it. */
export interface ScheduledTask {
  /** Stable identity in the cluster. */
  readonly name: string;
  readonly schedule: Schedule;
  readonly handler: TickHandler;
  /** Overrides the derived limit of {@link maxLatenessMs}; at most half the period. */
  readonly maxLatenessMs?: number;
}

/** What can be said about a task at one moment, from this instance's point of view. */
export interface TaskStatus {
  readonly name: string;
  readonly schedule: string;
  /** Next due instant, epoch ms of cluster time. */
  readonly nextTick: number | undefined;
  /** The newest finished tick here, whatever its outcome. */
  readonly lastReport: TickReport | undefined;
  /** The newest tick that ran here. */
  readonly lastRun: { readonly tick: number; readonly outcome: Outcome } | undefined;
  /** Runs in flight on this instance. */
  readonly running: number;
}
