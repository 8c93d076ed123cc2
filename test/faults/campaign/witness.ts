/** Reads what replicas append to their files, as it grows. */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { RunLine } from '../../../apps/demo/src/run-record.js';

const POLL_EVERY_MS = 2;
const CHUNK_BYTES = 65_536;

/** All lines of a file. A last one that is half written is left out. */
export function readLines<Line>(file: string): readonly Line[] {
  return parse<Line>(readFileSync(file, 'utf8').split('\n').slice(0, -1));
}

/** The runs that are written down from now on. */
export class RunTail {
  private readonly file: number;
  private readonly buffer = Buffer.alloc(CHUNK_BYTES);
  private position: number;
  private rest = '';

  constructor(path: string) {
    this.file = openSync(path, 'r');
    this.position = readFileSync(path).length;
  }

  /** The next line that is meant, or undefined when none is written within that time. */
  async next(isMeant: (line: RunLine) => boolean, withinMs: number): Promise<RunLine | undefined> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const found = this.read().find(isMeant);
      if (found !== undefined || performance.now() > deadlineMs) return found;
      await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private read(): readonly RunLine[] {
    let text = this.rest;
    for (;;) {
      const bytes = readSync(this.file, this.buffer, 0, CHUNK_BYTES, this.position);
      if (bytes === 0) break;
      this.position += bytes;
      text += this.buffer.toString('utf8', 0, bytes);
    }
    const lines = text.split('\n');
    this.rest = lines.pop() ?? '';
    return parse(lines);
  }
}

function parse<Line>(lines: readonly string[]): readonly Line[] {
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

const FIRST_RUNS = 3;
const FIRST_RUNS_WITHIN_MS = 30_000;

/** Resolves when ticks run: new masters abstain at first, as after a loss of memory. */
export async function firstRuns(path: string): Promise<void> {
  const tail = new RunTail(path);
  for (let count = 0; count < FIRST_RUNS; count += 1) {
    const line = await tail.next(({ phase }) => phase === 'start', FIRST_RUNS_WITHIN_MS);
    if (line === undefined) throw new Error(`no run within ${FIRST_RUNS_WITHIN_MS} ms`);
  }
  tail.close();
}
