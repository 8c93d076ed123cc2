import { MemoryLockProvider } from '#src/memory/memory-lock-provider.js';
import { MemoryNode } from '#src/memory/memory-node.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { connected } from '../support/electorate.js';
import { describeCarriedClaims } from './carried-claims.suite.js';
import { describeLockProvider, type LockStage } from './lock-provider.suite.js';

for (const nodes of [1, 3]) {
  const start = async (): Promise<LockStage> => {
    const clock = new SystemClock();
    const stores = Array.from({ length: nodes }, () => new MemoryNode(clock));
    const random = new SystemRandom();
    const voters = connected(stores);
    const positions = voters.map(({ position }) => position);
    return {
      mine: new MemoryLockProvider(stores, random, 'me', positions),
      yours: new MemoryLockProvider(stores, random, 'you', positions),
      myId: 'me',
      yourId: 'you',
      voters,
      nodes,
      miss: async (node, task) => stores[node]?.locks.evict(task),
      forget: async (count) => {
        for (const store of stores.slice(0, count)) store.loseMemory('flush');
      },
      close: async () => undefined,
    };
  };
  describeLockProvider(`in memory, ${nodes} node(s)`, start);
  describeCarriedClaims(`memory, ${nodes} node(s)`, start);
}
