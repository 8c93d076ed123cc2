import { MemoryNode } from '../../libs/distributed-schedule/src/memory/memory-node.js';
import { SystemClock } from '../../libs/distributed-schedule/src/system/system-clock.js';
import { describeVotingNode } from './voting-node.suite.js';

describeVotingNode('in memory', async () => {
  const clock = new SystemClock();
  const node = new MemoryNode(clock);
  return {
    connect: async (nodeSet) => node.connect({ label: 'node 1', nodeSet }),
    nowMs: async () => clock.wallMs(),
    forget: async () => node.loseMemory('flush'),
    close: async () => undefined,
  };
});
