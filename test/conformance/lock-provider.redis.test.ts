import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import { startInstance } from '../support/redis-instances.js';
import { startRedis } from '../support/redis-server.js';
import { describeCarriedClaims } from './carried-claims.suite.js';
import { describeLockProvider, type LockStage } from './lock-provider.suite.js';

const keys = redisKeys('conformance');

for (const count of [1, 3, 5]) {
  const start = async (): Promise<LockStage> => {
    const servers = await Promise.all(Array.from({ length: count }, () => startRedis()));
    const inputs = servers.map(({ url }) => url);
    const connect = (instanceId: string) => startInstance({ inputs, namespace: 'conformance', instanceId });
    const [mine, yours] = await Promise.all([connect('me'), connect('you')]);
    return {
      mine: mine.locks,
      yours: yours.locks,
      myId: 'me',
      yourId: 'you',
      voters: mine.nodes,
      nodes: count,
      miss: async (node, task) => void (await servers[node]?.client().del(keys.lock(task))),
      forget: async (forgetful) => {
        await Promise.all(servers.slice(0, forgetful).map((server) => server.client().flushall()));
      },
      close: async () => {
        await Promise.all([mine.close(), yours.close()]);
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  };
  describeLockProvider(`redlock over ${count} Redis node(s)`, start);
  describeCarriedClaims(`redlock over ${count} Redis node(s)`, start);
}
