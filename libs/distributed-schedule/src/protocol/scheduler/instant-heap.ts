/** A binary heap of instants, the smallest first. The same one may stand in it more than once. */
export class InstantHeap {
  private heap: number[] = [];

  get first(): number | undefined {
    return this.heap[0];
  }

  get size(): number {
    return this.heap.length;
  }

  /** In place of what it has. */
  fill(instants: Iterable<number>): void {
    this.heap = [...instants].sort((a, b) => a - b);
  }

  push(instant: number): void {
    const { heap } = this;
    let index = heap.push(instant) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] ?? instant;
      if (above <= instant) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = instant;
  }

  pop(): void {
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
