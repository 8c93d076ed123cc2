import { blockEventLoop } from './event-loop-stall.js';
import type { ReplicaCommand } from './replica-message.js';

const CHUNK_ENTRIES = 1_000_000;

/**
 * Lets the parent process hurt this one from inside: what a signal cannot do. Without a parent nobody can.
 */
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
