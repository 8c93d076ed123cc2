import { requireRedisSources } from '../../libs/distributed-schedule/src/redis/redis-input.js';
import { redisKeys } from '../../libs/distributed-schedule/src/redis/redis-keys.js';
import { RedisNode } from '../../libs/distributed-schedule/src/redis/redis-node.js';
import { RedisVotingNode } from '../../libs/distributed-schedule/src/redis/redis-voting-node.js';
import { ServerRegister } from '../../libs/distributed-schedule/src/redis/server-register.js';
import { openConnection } from '../../libs/distributed-schedule/src/redis/strict-connection.js';
import { SystemClock } from '../../libs/distributed-schedule/src/system/system-clock.js';
import { startRedis } from '../support/redis-server.js';
import { describeVotingNode } from './voting-node.suite.js';

const PATIENCE_MS = 2_000;

describeVotingNode('behind Redis', async () => {
  const server = await startRedis();
  const keys = redisKeys('conformance');
  const opened: RedisNode[] = [];
  return {
    connect: async (nodeSet) => {
      const [source] = requireRedisSources([server.url]);
      if (source === undefined) throw new Error('no source');
      const node = new RedisNode({
        index: 0,
        label: 'node 1',
        connection: openConnection(source, {
          connectionName: 'conformance',
          commandTimeoutMs: PATIENCE_MS,
          retryEveryMs: 100,
          clock: new SystemClock(),
        }),
        register: new ServerRegister(),
        clock: new SystemClock(),
        nodeTimeoutMs: PATIENCE_MS,
        waitReplicas: 0,
        routingKey: keys.ledger,
        onTimeSample: () => undefined,
        onProblem: () => undefined,
      });
      node.start();
      opened.push(node);
      await node.firstContact;
      return new RedisVotingNode(node, keys, nodeSet);
    },
    nowMs: async () => {
      const [seconds, microseconds] = await server.client().time();
      return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    },
    forget: async () => {
      await server.client().flushall();
    },
    close: async () => {
      for (const node of opened) node.close();
      await server.stop();
    },
  };
});
