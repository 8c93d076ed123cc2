/** Lets work on one task follow each other in the order in which it came. */

interface Line {
  /** Including what is under way. */
  length: number;
  /** Ends with what came last; never rejects. */
  end: Promise<unknown>;
}

export class TaskQueue {
  private readonly lines = new Map<string, Line>();

  lengthOf(task: string): number {
    return this.lines.get(task)?.length ?? 0;
  }

  /** Does `work` when all that came before for this task has ended, however it ended. */
  async run<T>(task: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(task) ?? { length: 0, end: Promise.resolve() };
    this.lines.set(task, line);
    const done = line.end.then(work);
    line.length += 1;
    line.end = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      line.length -= 1;
      if (line.length === 0) this.lines.delete(task);
    }
  }
}
