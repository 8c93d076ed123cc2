/** What is due when, the earliest first. Jittered tasks are due at a thousand instants a second: none may look at all tasks. */

import { InstantHeap } from './instant-heap.js';

/** Instants with nobody left stay in the heap until there are this many more of them than of the others. */
const MAX_STALE = 100;

/** Many are bid for earlier than few, so such an instant is looked for apart from those before it. */
const MANY = 16;

export class DueOrder<T> {
  private readonly byTick = new Map<number, Set<T>>();
  /** Of each instant in `byTick` at least once. */
  private readonly all = new InstantHeap();
  /** Of each instant at which many are due at least once. */
  private readonly large = new InstantHeap();

  add(tick: number, one: T): void {
    const those = this.byTick.get(tick);
    if (those === undefined) {
      this.byTick.set(tick, new Set([one]));
      this.all.push(tick);
      return;
    }
    those.add(one);
    if (those.size === MANY) this.large.push(tick);
  }

  delete(tick: number, one: T): void {
    const those = this.byTick.get(tick);
    those?.delete(one);
    if (those?.size === 0) this.byTick.delete(tick);
    // Or tasks that are often armed anew, for an instant far ahead, would fill them.
    const most = 2 * this.byTick.size + MAX_STALE;
    if (this.all.size > most) this.all.fill(this.byTick.keys());
    if (this.large.size > most) this.large.fill([...this.byTick.keys()].filter((at) => this.isLarge(at)));
  }

  earliest(): number | undefined {
    return firstOf(this.all, (tick) => this.byTick.has(tick));
  }

  /** The earliest at which many are due. */
  earliestOfMany(): number | undefined {
    return firstOf(this.large, (tick) => this.isLarge(tick));
  }

  /** How many are due then. */
  sizeAt(tick: number): number {
    return this.byTick.get(tick)?.size ?? 0;
  }

  /** The instants from `first` to `last`, both included, in order. They are whole ms apart. */
  within(first: number, last: number): readonly number[] {
    const found: number[] = [];
    for (let ms = 0; ms <= last - first; ms += 1) if (this.byTick.has(first + ms)) found.push(first + ms);
    return found;
  }

  at(tick: number): readonly T[] {
    return [...(this.byTick.get(tick) ?? [])];
  }

  private isLarge(tick: number): boolean {
    return this.sizeAt(tick) >= MANY;
  }
}

/** Drops what does not stand any more. */
function firstOf(heap: InstantHeap, stands: (tick: number) => boolean): number | undefined {
  for (;;) {
    const { first } = heap;
    if (first === undefined || stands(first)) return first;
    heap.pop();
  }
}
