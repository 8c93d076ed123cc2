import { MemoryNode } from '#src/memory/memory-node.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { describeBoardNode } from './board.suite.js';

describeBoardNode('in memory', async () => {
  const clock = new ManualClock();
  const node = new MemoryNode(clock);
  return {
    node: node.connectBoard({ label: 'node 1' }),
    nowMs: async () => clock.wallMs(),
    evict: async (part) => node.evictBoard(part),
    forget: async () => node.loseMemory('flush'),
    passes: async (epochMs) => clock.advance(epochMs - clock.wallMs() + 1),
    close: async () => undefined,
  };
});
