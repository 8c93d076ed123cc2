import { DistributedScheduleError } from '../contract/errors.js';

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
