/** The runs that hold the locks of their tasks on this instance. */

import type { RunHere } from './run-here.js';

export class RunsHere {
  private readonly runs = new Set<RunHere>();

  add(run: RunHere): void {
    this.runs.add(run);
  }

  delete(run: RunHere): void {
    this.runs.delete(run);
  }

  /** The run that holds the task's lock here; of several, which only a lost lease leaves behind, the newest. */
  of(task: string): RunHere | undefined {
    return [...this.runs].findLast((run) => run.task.name === task);
  }
}
