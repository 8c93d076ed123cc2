/** Brings the scheduler to many changed tasks in slices of time: in one piece a thousand of them would delay the bids of all others. */

import type { Clock } from '../protocol/contract/ports.js';
import type { ControlReconciler } from './control.reconciler.js';

/** Work without a pause. */
const SLICE_MS = 5;
const PAUSE_MS = 1;

export interface PlanningSlicesParts {
  readonly reconciler: Pick<ControlReconciler, 'note' | 'noteAll' | 'work'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>;
  readonly stopped: AbortSignal;
  readonly onError: (error: unknown) => void;
}

export class PlanningSlices {
  private working: Promise<void> | undefined;

  constructor(private readonly parts: PlanningSlicesParts) {}

  /**
   * Replans these tasks, or all. The first one within the call, since its caller reads it next. While slices run, only that one:
   * several nodes answer in one turn of the event loop.
   */
  news(tasks?: readonly string[]): void {
    const { reconciler, onError } = this.parts;
    try {
      if (tasks === undefined) reconciler.noteAll();
      else reconciler.note(tasks);
      const isDone = this.working === undefined ? this.slice() : reconciler.work(() => true);
      if (!isDone) this.working ??= this.goOn();
    } catch (error) {
      onError(error);
    }
  }

  /** Resolves when there is nothing left to do, or the app stops. */
  async settled(): Promise<void> {
    await this.working;
  }

  private slice(): boolean {
    const { reconciler, clock } = this.parts;
    const untilMs = clock.monotonicMs() + SLICE_MS;
    return reconciler.work(() => clock.monotonicMs() >= untilMs);
  }

  private async goOn(): Promise<void> {
    const { clock, stopped, onError } = this.parts;
    let isDone = false;
    while (!isDone && !stopped.aborted) {
      await clock.sleepUntil(clock.monotonicMs() + PAUSE_MS, stopped);
      try {
        isDone = this.slice();
      } catch (error) {
        onError(error);
        isDone = true;
      }
    }
    this.working = undefined;
  }
}
