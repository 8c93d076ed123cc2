/**
 * How a tick ended, as seen by one instance. The same words stand in types, logs, metrics and docs.
 *
 * - `success`    the handler ran here and returned while the lease was trusted
 * - `failed`     the handler ran here and threw
 * - `aborted`    the handler ran here and its signal fired (lease lost or shutdown) before it ended
 * - `timed_out`  the handler ran here for longer than the task's `timeoutMs`, and its signal fired
 * - `cancelled`  the handler ran here, and its signal fired because a later tick cancelled it
 * - `given_up`   the handler ran here for longer than the task's `giveUpAfterMs`: its lease is let go, and later ticks run beside it
 * - `taken`      another instance has claimed the tick
 * - `overlap`    an earlier run of the task still held its lock at every bid
 * - `buffered`   the same, and the instance of that run starts this tick when it has ended
 * - `misfire`    the tick was noticed, or its start would have come, later than its lateness limit
 * - `no_quorum`  no majority of the configured nodes answered; nobody can have started it through this instance
 * - `clock_set_back` a majority answered, and could not grant it: the clocks of nodes were set back, and have yet to reach what they granted
 * - `stopped`    this instance does not bid: it is shutting down, or it has seen a newer node set
 * - `missed`     no instance of the cluster has claimed the tick: what the audit finds, never a report of one instance
 * - `lost`       an instance claimed the tick and died, and it is not known that its run ended: found by the audit as well
 */
export const OUTCOMES = [
  'success',
  'failed',
  'aborted',
  'timed_out',
  'cancelled',
  'given_up',
  'taken',
  'overlap',
  'buffered',
  'misfire',
  'no_quorum',
  'clock_set_back',
  'stopped',
  'missed',
  'lost',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** One tick's end on one instance. */
export interface TickReport {
  readonly task: string;
  /** Scheduled instant, epoch ms of cluster time. */
  readonly tick: number;
  readonly outcome: Outcome;
  readonly instanceId: string;
  /** Start of the handler minus the tick, in ms of cluster time. Absent when the handler did not start here. */
  readonly latenessMs?: number;
  /** How long the handler ran. Absent when it did not start here. */
  readonly durationMs?: number;
  /** The number of the attempt that ended the tick, from 1. Absent when the handler did not start here. */
  readonly attempt?: number;
  /** What the handler threw, or why the run was aborted. */
  readonly error?: unknown;
  /** True: the handler is still running, and nothing it does changes the outcome. A `late_end` event follows. */
  readonly goesOn?: boolean;
  /** The instance that has claimed the tick, or that held its lock, where it is another one and known. */
  readonly by?: string;
  /** A short reason in words for a tick that did not run here. */
  readonly detail?: string;
}

const RAN: ReadonlySet<Outcome> = new Set<Outcome>([
  'success',
  'failed',
  'aborted',
  'timed_out',
  'cancelled',
  'given_up',
]);

/** Whether a handler was started on this instance. */
export function hasRun(outcome: Outcome): boolean {
  return RAN.has(outcome);
}
