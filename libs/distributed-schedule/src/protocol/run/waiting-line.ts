/** Ticks that have come due while a run of their task goes on here, and wait for its end; oldest first. */

import type { DueTick } from '../contract/due-tick.js';
import { type EndedTick, type Ending, endAs } from './tick-end.js';

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
