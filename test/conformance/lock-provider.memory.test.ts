import { MemoryLockProvider } from '#src/memory/memory-lock-provider.js';
import { MemoryNode } from '#src/memory/memory-node.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { connected } from '../support/electorate.js';
import { describeLockProvider } from './lock-provider.suite.js';

for (const nodes of [1, 3]) {
  describeLockProvider(`in memory, ${nodes} node(s)`, async () => {
    const clock = new SystemClock();
    const stores = Array.from({ length: nodes }, () => new MemoryNode(clock));
    const random = new SystemRandom();
    return {
      mine: new MemoryLockProvider(stores, random, 'me'),
      yours: new MemoryLockProvider(stores, random, 'you'),
      myId: 'me',
      yourId: 'you',
      voters: connected(stores),
      nodes,
      miss: async (node, task) => stores[node]?.locks.evict(task),
      forget: async (count) => {
        for (const store of stores.slice(0, count)) store.loseMemory('flush');
      },
      close: async () => undefined,
    };
  });
}
