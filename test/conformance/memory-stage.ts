/** Fresh nodes in memory, for the conformance suites. */

import { MemoryNode } from '#src/memory/memory-node.js';
import { SystemClock } from '#src/system/system-clock.js';
import type { NodeStage } from './voting-node-stage.js';

export async function memoryStage(): Promise<NodeStage> {
  const clock = new SystemClock();
  // Whole milliseconds, as the scripts see them.
  const wallMs = (): number => Math.floor(clock.wallMs());
  return {
    fresh: async () => {
      const node = new MemoryNode({ wallMs });
      return {
        connect: async (position) => node.connect({ label: 'node 1', position }),
        nowMs: async () => wallMs(),
        forget: async () => node.loseMemory('flush'),
        restart: async () => node.restartFrom(node.snapshot()),
        writeVersion: async (version) => node.writtenByVersion(Number(version)),
      };
    },
    close: async () => undefined,
  };
}
