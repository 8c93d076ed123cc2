/** Says what has become of the records on a node: there is no room for more, or they are lost and put again. */

import { DistributedScheduleError } from '../contract/errors.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type { BoardLoss } from './board-memory.js';

/** Told again after this: there may have been room in between, and none any more. */
const FULL_TOLD_EVERY_MS = 3_600_000;

/** A store that is short of memory may remove its keys again and again. */
const LOSS_TOLD_EVERY_MS = 60_000;

const WHY: Readonly<Record<BoardLoss, string>> = {
  evicted:
    'has lost a part of its records: one of its keys was removed, as by an eviction or by DEL. What was left is thrown away',
  emptied: 'has lost its records: all of its keys were removed, as by FLUSHALL, an eviction or DEL',
  away: 'was away for longer than deletions are remembered for certain. What it kept is thrown away, or it would bring back what was deleted',
};

export class BoardTeller {
  private fullToldMs = Number.NEGATIVE_INFINITY;
  private readonly lossToldMs = new Map<string, number>();

  constructor(
    private readonly observer: ScheduleObserver,
    private readonly monotonicMs: () => number,
  ) {}

  full(label: string): void {
    const nowMs = this.monotonicMs();
    if (nowMs < this.fullToldMs + FULL_TOLD_EVERY_MS) return;
    this.fullToldMs = nowMs;
    this.tell(new DistributedScheduleError('DSCHED_BOARD_FULL', `${label} keeps as many records as it may`));
  }

  lost(label: string, loss: BoardLoss): void {
    const nowMs = this.monotonicMs();
    if (nowMs < (this.lossToldMs.get(label) ?? Number.NEGATIVE_INFINITY) + LOSS_TOLD_EVERY_MS) return;
    this.lossToldMs.set(label, nowMs);
    const message = `${label} ${WHY[loss]}; the instances put again what they know`;
    this.tell(new DistributedScheduleError('DSCHED_BOARD_LOST', message, { value: loss }));
  }

  private tell(error: DistributedScheduleError): void {
    this.observer.observe({ type: 'error', error, where: 'board' });
  }
}
