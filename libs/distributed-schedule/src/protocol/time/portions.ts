/** Work of which thousands of pieces may come up in one turn of the event loop, cut into portions, so that the loop gets its turns. */

import type { Clock } from '../contract/ports.js';

/** What a portion is to take, ms: less than people notice, and many times what a turn of the loop costs. */
const PORTION_MS = 5;
const FIRST_SIZE = 32;
const MIN_SIZE = 8;
const MAX_SIZE = 1_024;
/** Where others keep the loop busy for longer, a portion takes as long as they do, up to this; ms. Else pieces would wait for seconds. */
const MAX_PORTION_MS = 15;
/** Of the size of the portion before it: one that met a pause of the machine costs the next ones little. */
const MAX_CHANGE = 2;
/** A piece goes on in a chain of microtasks: behind so many of them its work is done. With 20 portions took ten times what they should. */
const MICROTASKS = 150;

export class Portions {
  private size = FIRST_SIZE;
  /** Pieces that went on in this turn of the loop. */
  private gone = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly clock: Pick<Clock, 'monotonicMs' | 'turn'>) {}

  /** Undefined where the piece may go on at once, as nearly always. A clock without turns has no loop that could be blocked. */
  enter(): Promise<void> | undefined {
    if (this.clock.turn === undefined) return undefined;
    if (this.gone === 0) void this.goOn(this.clock.turn.bind(this.clock));
    if (this.gone < this.size && this.waiting.length === 0) {
      this.gone += 1;
      return undefined;
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** From the first piece of a turn until a turn has none. */
  private async goOn(turn: () => Promise<void>): Promise<void> {
    for (let portion: readonly (() => void)[] = []; ; ) {
      const beganMs = this.clock.monotonicMs();
      for (const go of portion) go();
      for (let behind = 0; behind < MICROTASKS; behind += 1) await undefined;
      const endedMs = this.clock.monotonicMs();
      await turn();
      if (this.waiting.length > 0) this.adapt(endedMs - beganMs, this.clock.monotonicMs() - endedMs);
      portion = this.waiting.splice(0, this.size);
      this.gone = portion.length;
      if (portion.length === 0) return;
    }
  }

  /** @param ownMs of the last portion @param othersMs since then */
  private adapt(ownMs: number, othersMs: number): void {
    const wantedMs = Math.min(MAX_PORTION_MS, Math.max(PORTION_MS, othersMs));
    const change = Math.min(MAX_CHANGE, Math.max(1 / MAX_CHANGE, wantedMs / Math.max(ownMs, 0.1)));
    this.size = Math.max(MIN_SIZE, Math.min(MAX_SIZE, Math.round(this.size * change)));
  }
}
