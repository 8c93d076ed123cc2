/** Faults of a process that no signal makes from outside. */

import { realNowMs } from './clock-offset.js';
import type { ReplicaCommand } from './replica-message.js';

const CHUNK_ENTRIES = 1_000_000;
const SECOND_MS = 1_000;

/** Lets the parent process hurt this one from inside: what a signal cannot do. Without a parent nobody can. */
export function obeyParent(): void {
  process.on('message', (command: ReplicaCommand) => {
    switch (command.type) {
      case 'block':
        blockEventLoop(command.forMs);
        return;
      case 'exhaust memory':
        exhaustMemory();
        return;
      default:
        command satisfies never;
    }
  });
}

/** Ends as a leak does: V8 aborts the process when its heap is full (`--max-old-space-size` says when). */
function exhaustMemory(): never {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: CHUNK_ENTRIES }, (_, index) => index + kept.length));
}

/** Blocks the event loop around each boundary of a second, when this process should bid, as garbage collection may. */
export function stallOverEachSecond(stallMs: number): void {
  if (stallMs <= 0) return;
  const nowMs = realNowMs();
  const startMs = nextBoundaryMs(nowMs + stallMs) - stallMs / 2;
  setTimeout(() => {
    blockEventLoop(stallMs);
    stallOverEachSecond(stallMs);
  }, startMs - nowMs).unref();
}

function nextBoundaryMs(afterMs: number): number {
  return Math.ceil(afterMs / SECOND_MS) * SECOND_MS;
}

/** Nothing of this process runs meanwhile, as in a long computation or garbage collection. */
function blockEventLoop(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
