/** How many tasks a line names; the others are summed up. */
const MAX_NAMED = 10;

/** Counts ticks per task, for one line of the log. */
export class TickTally {
  private readonly byTask = new Map<string, number>();

  add(task: string, ticks = 1): void {
    this.byTask.set(task, this.of(task) + ticks);
  }

  of(task: string): number {
    return this.byTask.get(task) ?? 0;
  }

  get size(): number {
    return this.byTask.size;
  }

  get tasks(): readonly string[] {
    return [...this.byTask.keys()];
  }

  /** The largest first: `59 ticks of 'settle', 12 of 'report' and 40 of 37 other tasks`. */
  words(): string {
    const largest = [...this.byTask].sort(([, one], [, other]) => other - one);
    const named = largest
      .slice(0, MAX_NAMED)
      .map(([task, ticks], index) => `${index === 0 ? ticksOf(ticks) : ticks} of '${task}'`);
    const rest = largest.slice(MAX_NAMED);
    if (rest.length === 0) return named.join(', ');
    const ticks = rest.reduce((sum, [, count]) => sum + count, 0);
    return `${named.join(', ')} and ${ticks} of ${rest.length} other ${rest.length === 1 ? 'task' : 'tasks'}`;
  }
}

function ticksOf(count: number): string {
  return count === 1 ? '1 tick' : `${count} ticks`;
}
