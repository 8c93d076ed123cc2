/** Brings the scheduler to many changed tasks in slices of time: in one piece a thousand of them would delay the bids of all others. */

import type { ControlReconciler } from './control.reconciler.js';
import type { ControlParts } from './control-context.js';

const SLICE_MS = 5;
const PAUSE_MS = 1;

export class PlanningSlices {
  private working: Promise<void> | undefined;

  constructor(
    private readonly reconciler: Pick<ControlReconciler, 'note' | 'noteAll' | 'work'>,
    private readonly parts: Pick<ControlParts, 'clock' | 'stopped' | 'observer'>,
  ) {}

  /** Replans these tasks, or all; the first one within the call, since its caller reads it next. While slices run, only that one. */
  news(tasks?: readonly string[]): void {
    const { reconciler } = this;
    try {
      if (tasks === undefined) reconciler.noteAll();
      else reconciler.note(tasks);
      const isDone = this.working === undefined ? this.slice() : reconciler.work(() => true);
      if (!isDone) this.working ??= this.goOn();
    } catch (error) {
      this.tell(error);
    }
  }

  async settled(): Promise<void> {
    await this.working;
  }

  private slice(): boolean {
    const { clock } = this.parts;
    const untilMs = clock.monotonicMs() + SLICE_MS;
    return this.reconciler.work(() => clock.monotonicMs() >= untilMs);
  }

  private async goOn(): Promise<void> {
    const { clock, stopped } = this.parts;
    let isDone = false;
    while (!isDone && !stopped.aborted) {
      await clock.sleepUntil(clock.monotonicMs() + PAUSE_MS, stopped);
      try {
        isDone = this.slice();
      } catch (error) {
        this.tell(error);
        isDone = true;
      }
    }
    this.working = undefined;
  }

  private tell(error: unknown): void {
    this.parts.observer.observe({ type: 'error', error, where: 'control' });
  }
}
