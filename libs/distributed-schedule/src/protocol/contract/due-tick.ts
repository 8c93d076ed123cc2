/** A tick on its way to its run. */

import type { TickRef } from './claim.js';
import type { ScheduledTask } from './tick-context.js';

/** A tick of a task that is due, with its own limit. */
export interface DueTick {
  readonly task: ScheduledTask;
  readonly tick: number;
  /** Not started later than this after the tick. */
  readonly maxLatenessMs: number;
  /** The number of the attempt that is to be made, from 1. Default 1. */
  readonly attempt?: number;
  /** Default `due`: its time has come. */
  readonly because?: 'due' | StartedLate;
}

/** Why a tick starts outside of its own contest. */
export type StartedLate = 'retake' | 'missed' | 'buffered';

export function tickKey({ task, tick }: TickRef): string {
  return `${tick} ${task}`;
}

/** The instant that an attempt claims in the ledger, which is its fencing token. */
export function claimedInstant({ tick, attempt = 1 }: Pick<DueTick, 'tick' | 'attempt'>): number {
  return tick + attempt - 1;
}
