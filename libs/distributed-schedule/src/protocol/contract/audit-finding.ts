/** What an instance finds out about ticks that nobody ran, or whose run has died with its instance. */

import type { Outcome } from './outcome.js';
import type { RunInFlight } from './run-in-flight.js';

/**
 * Why a tick was not run to its end.
 *
 * - `no_majority`   no majority of nodes answers, so nobody is known to have claimed it
 * - `dead_holder`   every bid met the lock of an instance that has left the members: it shuts down, or has died
 * - `too_late`      instances noticed it, or would have started it, later than its lateness limit
 * - `not_eligible`  no live instance has the labels that the task asks for
 * - `unclaimed`     a majority answers, and no live instance has claimed it
 * - `clock_set_back` the clocks of nodes were set back, and those grant nothing before they show again what they showed then
 * - `while_down`    no instance was there
 * - `died`          the instance that claimed it died before its run ended
 * - `runs_on`       its run goes on for longer than three ticks and a minute
 * - `deaf`          its run goes on although its signal has aborted
 * - `given_up`      its run goes on although it was given up
 */
export const AUDIT_CAUSES = [
  'no_majority',
  'dead_holder',
  'too_late',
  'not_eligible',
  'unclaimed',
  'clock_set_back',
  'while_down',
  'died',
  'runs_on',
  'deaf',
  'given_up',
] as const;

export type AuditCause = (typeof AUDIT_CAUSES)[number];

export interface AuditFinding {
  readonly task: string;
  /** The tick, or the newest of `ticks`. Epoch ms of cluster time. */
  readonly tick: number;
  /** How many ticks it is about: 1, or more of those that were missed while no instance was there. */
  readonly ticks: number;
  /** `stuck` is no end: the run goes on for too long. It is told again and again, with growing pauses, until the run ends. */
  readonly outcome: Extract<Outcome, 'missed' | 'lost'> | 'stuck';
  readonly cause: AuditCause;
  /** The cause in words, with what is known about it. */
  readonly detail: string;
  /** False: no majority could be asked, a node granted the tick to somebody unseen, or a policy may start it later. */
  readonly certain: boolean;
  /** The instance that tells it. */
  readonly instanceId: string;
  /** The task's policy, where that starts some of the ticks late. Told of `while_down`, whose ticks may have run by now. */
  readonly misfire?: 'latest' | 'all';
  /** The run that is stuck. Absent for ticks that nobody runs. */
  readonly run?: RunInFlight;
}

/** What an instance has found since its start. Others that may run the task find the same: take the largest over instances, not the sum. */
export interface AuditCounts {
  /** Ticks that nobody claimed. */
  readonly missed: number;
  /** Ticks whose instance died before their run ended. */
  readonly lost: number;
  /** Runs of this instance itself that went on for too long, each counted once. Here take the sum over instances. */
  readonly stuck: number;
}
