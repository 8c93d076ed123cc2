/** Work in flight, so that a shutdown can wait for it. */

import type { Clock } from '../contract/ports.js';
import { within } from './within.js';

export class PendingWork {
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    private readonly clock: Pick<Clock, 'sleepUntil'>,
    /** Told of a rejection, which is a bug, instead of throwing it into the void. */
    private readonly onBug: (error: unknown) => void,
  ) {}

  /** Remembers it until it settles. */
  track(work: Promise<unknown>): void {
    const tracked = work.catch(this.onBug).finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }

  /** Whether everything has settled by then, monotonic ms. */
  async settleUntil(deadlineMs: number): Promise<boolean> {
    const settled = this.settleAll().then(() => true);
    return within(this.clock, deadlineMs, settled, false);
  }

  private async settleAll(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }
}
