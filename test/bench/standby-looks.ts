/**
 * What one look of a standby costs its node, in full and in short: bytes on the wire, CPU time of the server and of the instance.
 *
 *     npm run bench:looks                       (-- --shapes 400x12,5000x12 --looks 200)
 *
 * A shape is tasks x live instances. One real server, on which every task is claimed; each instance looks once per round, as at a
 * boundary, and a look in short is about the set that all share.
 */

import { setTimeout as later } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Redis } from 'ioredis';
import { SHORT_ANSWER_AGE_MS, type StandbyQuestion } from '#src/protocol/contract/standby-set.js';
import { signOf } from '../support/electorate.js';
import { closeInstances, type Instance, nodeOf, startInstance } from '../support/redis-instances.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { cpuMs } from './blocks/cpu-watch.js';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '400x12,400x3,5000x12' },
    looks: { type: 'string', default: '600' },
  },
});
const LOOKS = Number(values.looks);
const AHEAD_MS = 60_000;
const BATCH = 1_000;
const PAUSE_MS = SHORT_ANSWER_AGE_MS + 5;

interface Counters {
  readonly in: number;
  readonly out: number;
  readonly serverMs: number;
  readonly ownMs: number;
}

async function read(client: Redis): Promise<Counters> {
  const info = await client.info();
  const field = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return {
    in: field('total_net_input_bytes'),
    out: field('total_net_output_bytes'),
    serverMs: (field('used_cpu_user') + field('used_cpu_sys')) * 1_000,
    ownMs: cpuMs(),
  };
}

/** As if each instance had claimed its share. */
async function claimAll(client: Redis, tasks: readonly string[], owners: readonly string[], tick: number) {
  for (let first = 0; first < tasks.length; first += BATCH) {
    const fields = tasks.slice(first, first + BATCH).flatMap((task, index) => {
      const random = `3f0c5a7be1d94f28a6c07d1b${String(first + index).padStart(8, '0')}`;
      return [`t:${task}`, `${tick} ${owners[(first + index) % owners.length]}:${random} ${tick - 1_000}`];
    });
    await client.hset('{bench}:ledger', ...fields);
  }
}

type Look = (instance: Instance, isFirst: boolean) => Parameters<ReturnType<typeof nodeOf>['beat']>;

async function measure(server: RedisServer, instances: readonly Instance[], look: Look): Promise<string> {
  for (const instance of instances) await nodeOf(instance).beat(...look(instance, true));
  const client = server.client();
  const before = await read(client);
  for (let round = 0; round < LOOKS / instances.length; round += 1) {
    const replies = await Promise.all(
      instances.map((instance) => nodeOf(instance).beat(...look(instance, false))),
    );
    for (const reply of replies)
      if (!reply.answered) throw new Error(`a look was not answered: ${reply.reason}`);
    // As from second to second: what was answered to the others a round ago is no answer any more.
    await later(PAUSE_MS);
  }
  const after = await read(client);
  const perLook = (name: keyof Counters): number => (after[name] - before[name]) / LOOKS;
  const cells = [perLook('in'), perLook('out'), perLook('serverMs') * 1_000, perLook('ownMs') * 1_000];
  return cells.map((cell) => cell.toFixed(0)).join(' | ');
}

async function measureShape(shape: string): Promise<void> {
  const [taskCount = 0, instanceCount = 0] = shape.split('x').map(Number);
  const server = await startRedis();
  const ids = Array.from({ length: instanceCount }, (_, index) => `worker-${index + 1}-4f2a91c0`);
  const instances = await Promise.all(
    ids.map((instanceId) => startInstance({ inputs: [server.url], namespace: 'bench', instanceId })),
  );
  const tasks = Array.from({ length: taskCount }, (_, index) => `chore${index}`);
  const tick = Date.now() + AHEAD_MS;
  for (const instance of instances)
    await nodeOf(instance).beat(instance.instanceId, signOf(instance.set), []);
  await claimAll(server.client(), tasks, ids, tick);
  const digest = (instance: Instance): string => nodeOf(instance).digestOf?.(tasks) ?? '';
  const named = digest(instances[0] as Instance);
  const question = (isFirst: boolean): StandbyQuestion =>
    isFirst
      ? { kind: 'keep', digest: named, count: taskCount }
      : { kind: 'ask', digest: named, count: taskCount };
  const full: Look = (instance) => [instance.instanceId, signOf(instance.set), tasks];
  const short: Look = (instance, isFirst) => [
    ...([instance.instanceId, signOf(instance.set), isFirst ? tasks : []] as const),
    question(isFirst),
  ];
  const nothing: Look = (instance) => [instance.instanceId, signOf(instance.set), []];
  for (const [name, look] of [
    ['in full', full] as const,
    ['in short', short] as const,
    ['no look', nothing] as const,
  ])
    print(`| ${shape.replace('x', ' x ')} | ${name} | ${await measure(server, instances, look)} |`);
  await closeInstances();
  await server.stop();
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
print(
  '| tasks x instances | look | bytes asked | bytes answered | CPU µs of the server | CPU µs of the instance |',
);
print('|---|---|---|---|---|---|');
for (const shape of values.shapes.split(',')) await measureShape(shape);
