/** The record of starts: one file, appended by the replicas, read by the judge. */

import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { StartLine } from './messages.js';

/** A replica's pen. Every line is one `write` in append mode, so lines of several processes never mix. */
export class StartPen {
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  write(line: StartLine): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

const READ_BYTES = 1 << 16;

/** Reads what was appended since it was last asked. */
export class StartRecord {
  private readonly file: number;
  private readonly bySubject = new Map<string, StartLine[]>();
  private position = 0;
  private unfinished = '';

  constructor(path: string) {
    this.file = openSync(path, 'a+');
  }

  /** Every start so far, by set, task and tick. */
  read(): ReadonlyMap<string, readonly StartLine[]> {
    const buffer = Buffer.alloc(READ_BYTES);
    for (;;) {
      const bytes = readSync(this.file, buffer, 0, READ_BYTES, this.position);
      if (bytes === 0) return this.bySubject;
      this.position += bytes;
      const lines = (this.unfinished + buffer.toString('latin1', 0, bytes)).split('\n');
      this.unfinished = lines.pop() ?? '';
      for (const line of lines) this.add(JSON.parse(line) as StartLine);
    }
  }

  /** Ticks that were started more than once. */
  doubled(): readonly (readonly StartLine[])[] {
    return [...this.read().values()].filter((starts) => starts.length > 1);
  }

  close(): void {
    closeSync(this.file);
  }

  private add(line: StartLine): void {
    const subject = subjectOf(line);
    const starts = this.bySubject.get(subject);
    if (starts === undefined) this.bySubject.set(subject, [line]);
    else starts.push(line);
  }
}

/** What may be started once. */
export type TickOfSet = Pick<StartLine, 'set' | 'task' | 'tick'>;

export function subjectOf({ set, task, tick }: TickOfSet): string {
  return `${set} ${task} ${tick}`;
}
