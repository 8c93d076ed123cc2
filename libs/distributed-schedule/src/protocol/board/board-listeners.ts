/** Who wants to know of changes on the board of one instance. */

import type { ScheduleObserver } from '../contract/observer.js';

/** Told the keys whose record is new, deleted or expired. */
export type BoardListener = (keys: ReadonlySet<string>) => void;

export class BoardListeners {
  private readonly listeners = new Set<BoardListener>();

  constructor(private readonly observer: ScheduleObserver) {}

  /** Answers how to end it. */
  add(listener: BoardListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** One that throws keeps neither the others nor the exchange from going on. */
  tell(keys: ReadonlySet<string>): void {
    if (keys.size === 0) return;
    for (const listener of this.listeners) {
      try {
        listener(keys);
      } catch (error) {
        this.observer.observe({ type: 'error', error, where: 'board: listener' });
      }
    }
  }
}
