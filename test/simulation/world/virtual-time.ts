/** The time of a simulated world: a queue of events, run one after the other, each to its end. */

interface Event {
  readonly atMs: number;
  /** Settles ties: the same seed gives the same order. */
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
  hasRun: boolean;
}

export class VirtualTime {
  private readonly heap: Event[] = [];
  private orders = 0;
  private cancelled = 0;
  private currentMs = 0;
  private isHalted = false;

  get nowMs(): number {
    return this.currentMs;
  }

  /** What will still run: a timer that was cancelled stays in the queue until its time, and holds nothing. */
  get pending(): number {
    return this.heap.length - this.cancelled;
  }

  /** Runs `run` in so many ms. Returns a function that cancels it. */
  schedule(inMs: number, run: () => void): () => void {
    const event: Event = {
      atMs: this.currentMs + Math.max(0, inMs),
      order: this.orders,
      run,
      isCancelled: false,
      hasRun: false,
    };
    this.orders += 1;
    this.push(event);
    return () => {
      if (event.isCancelled) return;
      event.isCancelled = true;
      if (!event.hasRun) this.cancelled += 1;
    };
  }

  /** Time in which nothing runs, as if every machine and server had been stopped: what was due meanwhile runs late. */
  skipTo(atMs: number): void {
    this.currentMs = Math.max(this.currentMs, atMs);
  }

  /** Ends `runUntil` after the event that runs now. */
  halt(): void {
    this.isHalted = true;
  }

  /** Runs everything that is due until then. Between two events every promise that can settle has settled. */
  async runUntil(endMs: number): Promise<void> {
    while (!this.isHalted) {
      const next = this.heap[0];
      if (next === undefined || next.atMs > endMs) break;
      this.pop();
      if (next.isCancelled) {
        this.cancelled -= 1;
        continue;
      }
      next.hasRun = true;
      this.currentMs = Math.max(this.currentMs, next.atMs);
      next.run();
      await untilSettled();
    }
    if (!this.isHalted) this.currentMs = endMs;
  }

  private push(event: Event): void {
    const { heap } = this;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const below = heap[child];
      if (below === undefined || isBefore(last, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

/** Node runs what was asked for on the next tick when no promise is left that can settle; far cheaper than a timer. */
function untilSettled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
