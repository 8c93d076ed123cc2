import { CallPatience } from '#src/protocol/time/call-patience.js';
import { requireRedisSources } from '#src/redis/connection/redis-input.js';
import { openConnection } from '#src/redis/connection/strict-connection.js';
import { ServerRegister } from '#src/redis/node/node-problem.js';
import { NodeTrouble } from '#src/redis/node/node-trouble.js';
import { RedisNode } from '#src/redis/node/redis-node.js';
import { RedisVotingNode } from '#src/redis/node/redis-voting-node.js';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { describeNodeEpochs } from './node-epochs.suite.js';
import { describeNodeIdentity } from './node-identity.suite.js';
import { describeNodeNotes } from './node-notes.suite.js';
import { describeNodeSets } from './node-sets.suite.js';
import { describeStandbySets } from './standby-sets.suite.js';
import { describeVotingNode } from './voting-node.suite.js';
import type { NodeStage } from './voting-node-stage.js';

const PATIENCE_MS = 2_000;

async function connectTo(server: RedisServer, namespace: string): Promise<RedisNode> {
  const [source] = requireRedisSources([server.url]);
  if (source === undefined) throw new Error('no source');
  const node = new RedisNode({
    index: 0,
    label: 'node 1',
    connection: openConnection(source, {
      connectionName: 'conformance',
      commandTimeoutMs: PATIENCE_MS,
      clock: new SystemClock(),
      random: new SystemRandom(),
    }),
    trouble: new NodeTrouble({ clock: new SystemClock(), nodeTimeoutMs: PATIENCE_MS, isTls: false }),
    register: new ServerRegister(),
    clock: new SystemClock(),
    random: new SystemRandom(),
    patience: new CallPatience(1, { leastMs: PATIENCE_MS, mostMs: PATIENCE_MS }),
    waitReplicas: 0,
    keys: redisKeys(namespace),
    use: { isPlain: true, isAlone: true, waitReplicas: 0 },
    onTimeSample: () => undefined,
    onProblem: () => undefined,
  });
  node.start();
  await node.firstContact;
  return node;
}

/** One server; each fresh node is a namespace of its own on it. */
async function redisStage(): Promise<NodeStage> {
  const server = await startRedis();
  const opened: RedisNode[] = [];
  let namespaces = 0;
  return {
    fresh: async () => {
      namespaces += 1;
      const namespace = `conformance-${namespaces}`;
      const keys = redisKeys(namespace);
      const own: RedisNode[] = [];
      return {
        connect: async (position) => {
          const node = await connectTo(server, namespace);
          opened.push(node);
          own.push(node);
          return new RedisVotingNode(node, keys, position);
        },
        nowMs: async () => {
          const [seconds, microseconds] = await server.client().time();
          return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
        },
        forget: async () => {
          await server.client().flushall();
        },
        restart: async () => {
          await server.restart();
          const isBack = (): boolean => own.every(({ isAnswering }) => isAnswering);
          while (!isBack()) await new Promise((resolve) => setTimeout(resolve, 5));
        },
        writeVersion: async (version) => {
          await server.client().hset(keys.ledger, 'version', version);
        },
      };
    },
    close: async () => {
      for (const node of opened) node.close();
      await server.stop();
    },
  };
}

describeVotingNode('behind Redis', redisStage);
describeNodeIdentity('behind Redis', redisStage);
describeNodeNotes('behind Redis', redisStage);
describeNodeSets('behind Redis', redisStage);
describeNodeEpochs('behind Redis', redisStage);
describeStandbySets('behind Redis', redisStage);
