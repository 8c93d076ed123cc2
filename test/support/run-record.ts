/** What the handlers themselves wrote down: the witness that owes nothing to the library. */

import { readFileSync } from 'node:fs';
import type { RunLine } from '../../apps/demo/src/run-record.js';

const SECOND_MS = 1_000;

export class RunRecordReader {
  constructor(readonly file: string) {}

  lines(task = 'settle'): readonly RunLine[] {
    return (
      readFileSync(this.file, 'utf8')
        .split('\n')
        // What stands behind the last end of a line is being written.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as RunLine)
        .filter((line) => line.task === task)
    );
  }

  /** Runs that have started, in the order in which they were written. */
  starts(task = 'settle'): readonly RunLine[] {
    return this.lines(task).filter((line) => line.phase === 'start');
  }

  last(task = 'settle'): RunLine | undefined {
    return this.starts(task).at(-1);
  }

  /** Resolves as soon as a line makes `isMet` true; rejects after `withinMs`. */
  async until(
    what: string,
    isMet: (lines: readonly RunLine[]) => boolean,
    withinMs = 15_000,
  ): Promise<readonly RunLine[]> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const lines = this.lines();
      if (isMet(lines)) return lines;
      if (performance.now() > deadlineMs) {
        throw new Error(`${what}: not within ${withinMs} ms; last lines ${JSON.stringify(lines.slice(-3))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Every due second from `first` to `last`: how often it ran, and how late the first run of it started. */
  account(first: number, last: number, task = 'settle'): Account {
    const starts = this.starts(task).filter(({ tick }) => tick >= first && tick <= last);
    const ticks = starts.map(({ tick }) => tick);
    const due = Array.from(
      { length: (last - first) / SECOND_MS + 1 },
      (_, index) => first + index * SECOND_MS,
    );
    return {
      due: due.length,
      runs: starts.length,
      doubled: ticks.filter((tick, index) => ticks.indexOf(tick) !== index),
      missed: due.filter((tick) => !ticks.includes(tick)),
      worstLatenessMs: Math.max(...starts.map((line) => line.startedMs - line.tick)),
    };
  }
}

export interface Account {
  readonly due: number;
  readonly runs: number;
  readonly doubled: readonly number[];
  readonly missed: readonly number[];
  readonly worstLatenessMs: number;
}
