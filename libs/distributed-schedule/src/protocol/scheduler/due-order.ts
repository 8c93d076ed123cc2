/** What is due when, the earliest first. Jittered tasks are due at a thousand instants a second: none may look at all tasks. */

/** Instants with nobody left stay in the heap until there are this many more of them than of the others. */
const MAX_STALE = 100;

export class DueOrder<T> {
  private readonly byTick = new Map<number, Set<T>>();
  /** A binary heap, the smallest first; of each instant in `byTick` at least once. */
  private heap: number[] = [];

  add(tick: number, one: T): void {
    const those = this.byTick.get(tick);
    if (those !== undefined) {
      those.add(one);
      return;
    }
    this.byTick.set(tick, new Set([one]));
    this.push(tick);
  }

  delete(tick: number, one: T): void {
    const those = this.byTick.get(tick);
    those?.delete(one);
    if (those?.size === 0) this.byTick.delete(tick);
    // Or tasks that are often armed anew, for an instant far ahead, would fill it.
    if (this.heap.length > 2 * this.byTick.size + MAX_STALE)
      this.heap = [...this.byTick.keys()].sort((a, b) => a - b);
  }

  earliest(): number | undefined {
    for (;;) {
      const [first] = this.heap;
      if (first === undefined || this.byTick.has(first)) return first;
      this.pop();
    }
  }

  /** How many are due then. */
  sizeAt(tick: number): number {
    return this.byTick.get(tick)?.size ?? 0;
  }

  at(tick: number): readonly T[] {
    return [...(this.byTick.get(tick) ?? [])];
  }

  private push(tick: number): void {
    const { heap } = this;
    let index = heap.push(tick) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] ?? tick;
      if (above <= tick) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = tick;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const [left = last, right = last] = [heap[2 * index + 1], heap[2 * index + 2]];
      const smaller = Math.min(left, right);
      if (smaller >= last) break;
      heap[index] = smaller;
      index = 2 * index + (smaller === left ? 1 : 2);
    }
    heap[index] = last;
  }
}
