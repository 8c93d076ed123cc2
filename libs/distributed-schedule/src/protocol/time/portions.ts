/** Work of which thousands of pieces may come up in one turn of the event loop, cut into portions, so that the loop gets its turns. */

import type { Clock } from '../contract/ports.js';

/** What a portion is to take, ms: less than people notice, and many times what a turn of the loop costs. */
const PORTION_MS = 5;
const FIRST_SIZE = 32;
const MAX_SIZE = 1_024;
/** Of the size of the portion before it, so that one that met a pause of the machine costs the next ones little. */
const MAX_CHANGE = 2;

export class Portions {
  private size = FIRST_SIZE;
  /** Pieces that went on in this portion, which began then. */
  private gone = 0;
  private beganMs = Number.NEGATIVE_INFINITY;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly clock: Pick<Clock, 'monotonicMs' | 'turn'>) {}

  /** Undefined where the piece may go on at once, as nearly always. A clock without turns has no loop that could be blocked. */
  enter(): Promise<void> | undefined {
    if (this.clock.turn === undefined) return undefined;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.beganMs > PORTION_MS && this.waiting.length === 0)
      [this.gone, this.beganMs] = [0, nowMs];
    if (this.gone < this.size && this.waiting.length === 0) {
      this.gone += 1;
      return undefined;
    }
    const gone = new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.waiting.length === 1) void this.goOn(this.clock.turn.bind(this.clock));
    return gone;
  }

  private async goOn(turn: () => Promise<void>): Promise<void> {
    while (this.waiting.length > 0) {
      await turn();
      const nowMs = this.clock.monotonicMs();
      this.adapt(nowMs - this.beganMs);
      this.beganMs = nowMs;
      const portion = this.waiting.splice(0, this.size);
      this.gone = portion.length;
      for (const go of portion) go();
    }
  }

  private adapt(tookMs: number): void {
    const share = Math.min(MAX_CHANGE, Math.max(1 / MAX_CHANGE, PORTION_MS / Math.max(tookMs, 0.1)));
    this.size = Math.max(1, Math.min(MAX_SIZE, Math.round(this.size * share)));
  }
}
