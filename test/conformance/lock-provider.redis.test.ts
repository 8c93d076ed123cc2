import {
  connectRedis,
  type RedisConnection,
} from '../../libs/distributed-schedule/src/redis/redis-connection.js';
import { SystemClock } from '../../libs/distributed-schedule/src/system/system-clock.js';
import { startRedis } from '../support/redis-server.js';
import { describeLockProvider } from './lock-provider.suite.js';

const PATIENCE_MS = 2_000;

for (const count of [1, 3, 5]) {
  describeLockProvider(`redlock over ${count} Redis node(s)`, async () => {
    const servers = await Promise.all(Array.from({ length: count }, () => startRedis()));
    const open = async (instanceId: string): Promise<RedisConnection> => {
      const connection = connectRedis({
        inputs: servers.map(({ url }) => url),
        namespace: 'conformance',
        instanceId,
        generation: 1,
        options: { nodeTimeoutMs: PATIENCE_MS, leaseTtlMs: 3_000 },
        clock: new SystemClock(),
        onTimeSample: () => undefined,
        onPresenceRestored: () => undefined,
        onProblem: () => undefined,
      });
      while (!connection.health().every(({ answering, presence }) => answering && presence)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      return connection;
    };
    const [mine, yours] = await Promise.all([open('me'), open('you')]);
    return {
      mine: mine.locks,
      yours: yours.locks,
      myId: 'me',
      yourId: 'you',
      nodes: count,
      forget: async (forgetful) => {
        await Promise.all(servers.slice(0, forgetful).map((server) => server.client().flushall()));
      },
      close: async () => {
        await Promise.all([mine.close(), yours.close()]);
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  });
}
