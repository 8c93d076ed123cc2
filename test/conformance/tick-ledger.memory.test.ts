import { MemoryNode } from '#src/memory/memory-node.js';
import { SystemClock } from '#src/system/system-clock.js';
import { connected } from '../support/electorate.js';
import { describeTickLedger } from './tick-ledger.suite.js';

for (const count of [1, 3, 5]) {
  describeTickLedger(`over ${count} node(s) in memory`, async () => {
    const clock = new SystemClock();
    const nodes = Array.from({ length: count }, () => new MemoryNode(clock));
    return {
      instances: ['me', 'you', 'they'].map(() => connected(nodes)),
      nowMs: async () => Math.floor(clock.wallMs()),
      forget: async (forgetful) => {
        for (const node of nodes.slice(0, forgetful)) node.loseMemory('flush');
      },
      close: async () => undefined,
    };
  });
}
