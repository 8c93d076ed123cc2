/** What a chain of runs keeps: where it stands, which ticks wait for it, and which has cancelled it. */

import type { DueTick } from '../contract/due-tick.js';
import { DistributedScheduleError } from '../contract/errors.js';
import type { StopSignal } from '../contract/stop.js';
import { type EndedTick, type Ending, endAs } from './tick-end.js';

/** A tick that starts, with the claim that won it. */
export interface ChainedTick {
  readonly due: DueTick;
  readonly claimId: string;
}

export interface Choice {
  readonly start: DueTick | undefined;
  readonly ended: readonly EndedTick[];
}

export type ChainState =
  /** A tick runs, or waits for its next attempt. */
  | { readonly phase: 'running' }
  /** It has ended. `claiming`: the tick that waited, and is being claimed. */
  | { readonly phase: 'choosing'; readonly endedMs: number; readonly claiming?: DueTick }
  /** Nothing is started any more: what comes due is contested, and not left waiting for nobody. */
  | { readonly phase: 'ending'; readonly why: 'aborted' | 'nothing_left' }
  /** The same, though the handler goes on. `returned` aborts when it has returned. */
  | { readonly phase: 'ending'; readonly why: 'given_up'; readonly returned: StopSignal };

export const PASSED_OVER: Ending = { outcome: 'overlap', detail: 'the run that it waited for took too long' };
export const ANOTHER_WAITS: Ending = { outcome: 'overlap', detail: 'another tick is buffered already' };
export const NOT_DUE_ANY_MORE: Ending = {
  outcome: 'stopped',
  detail: 'its task was removed, paused or scheduled anew meanwhile',
};

/** Why a tick that has waited starts neither here nor now. */
export function whyLeftBehind(state: ChainState, isStopping: boolean, isTrusted: boolean): Ending {
  if (isStopping) return { outcome: 'stopped', detail: 'this instance starts nothing any more' };
  return { outcome: 'overlap', detail: `the run that it waited for ${whyOver(state, isTrusted)}` };
}

function whyOver(state: ChainState, isTrusted: boolean): string {
  const why = state.phase === 'ending' ? state.why : undefined;
  if (why === 'given_up') return 'was given up';
  return why === 'aborted' && isTrusted ? 'is to be made again' : 'lost its lease';
}

/** Ticks that came due during a run of their task here, and wait for its end; oldest first. */
export class WaitingLine {
  private dues: readonly DueTick[] = [];

  get all(): readonly DueTick[] {
    return this.dues;
  }

  has(tick: number): boolean {
    return this.dues.some((due) => due.tick === tick);
  }

  join(due: DueTick): void {
    this.dues = [...this.dues, due];
  }

  /** The tick starts, or is about to. */
  leave(tick: number): void {
    this.dues = this.dues.filter((due) => due.tick !== tick);
  }

  /** Takes out those that do not start any more. */
  end(isOver: (due: DueTick) => boolean, ending: Ending): readonly EndedTick[] {
    const over = this.dues.filter(isOver);
    if (over.length > 0) this.dues = this.dues.filter((due) => !over.includes(due));
    return endAs(ending, ...over);
  }
}

/** A later tick ends the run that is in its way, whether its attempt goes on or its next one is waited for. */
export class Cancellation {
  /** The newest tick that has cancelled a run. */
  private by = 0;
  private abort: ((reason: Error) => void) | undefined;

  constructor(private readonly task: string) {}

  isOf(tick: number): boolean {
    return this.by > tick;
  }

  cancel(tick: number, by: number): void {
    this.by = Math.max(this.by, by);
    this.abort?.(this.reasonOf(tick));
  }

  /** How to abort the attempt at `tick`, or the pause before one, that is going on; undefined for none. */
  onCancel(tick: number, abort: ((reason: Error) => void) | undefined): void {
    this.abort = abort;
    // The later tick may have come between two attempts, when nobody was there to be told.
    if (this.isOf(tick)) abort?.(this.reasonOf(tick));
  }

  private reasonOf(tick: number): Error {
    const message = `tick ${tick} is cancelled by tick ${this.by}`;
    return new DistributedScheduleError('DSCHED_CANCELLED', message, { task: this.task, value: tick });
  }
}
