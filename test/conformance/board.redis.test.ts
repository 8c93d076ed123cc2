import { setTimeout as sleep } from 'node:timers/promises';
import { startInstance } from '../support/redis-instances.js';
import { startRedis } from '../support/redis-server.js';
import { describeBoardNode } from './board.suite.js';

describeBoardNode('behind Redis', async () => {
  const server = await startRedis();
  const connection = await startInstance({ inputs: [server.url], namespace: 'conformance' });
  const [node] = connection.boards;
  if (node === undefined) throw new Error('no node');
  const nowMs = async (): Promise<number> => {
    const [seconds, microseconds] = await server.client().time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  };
  return {
    node,
    nowMs,
    evict: async (part) => {
      await server.client().del(`{conformance}:board${part === 'records' ? '' : `:${part}`}`);
    },
    forget: async () => {
      await server.client().flushall();
    },
    passes: async (epochMs) => {
      while ((await nowMs()) <= epochMs) await sleep(5);
    },
    close: async () => {
      await connection.close();
      await server.stop();
    },
  };
});
