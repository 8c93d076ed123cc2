/**
 * What standing by costs: commands per second and node for instances x per-second tasks against three masters.
 *
 *     npm run bench:idle            (about two minutes; -- --seconds 20 for longer rounds, --shapes 12x400 for others,
 *                                    --jitter 900 for tasks that are due somewhere in these ms of each second)
 *
 * Every instance is a real Nest application with its own connections. Counted by the servers themselves: messages
 * (what was read from a socket at once), scripts, and all commands, those inside scripts included.
 */

import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import { DistributedScheduleModule, EverySecondExclusive } from 'nestjs-distributed-schedule';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { providerWith } from './latency/contestants/every-second.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    jitter: { type: 'string', default: '0' },
    shapes: { type: 'string', default: '1x1,1x50,3x50,12x1,12x50,12x200,24x50' },
  },
});
const SECONDS = Number(values.seconds);
const JITTER_MS = Number(values.jitter);
/** New masters abstain for one time to live; then the membership has to settle. */
const WARM_UP_MS = 6_000;

interface Round {
  readonly instances: number;
  readonly tasks: number;
}

/** Instances x tasks. */
const ROUNDS = values.shapes.split(',').map((shape): Round => {
  const [instances = 0, tasks = 0] = shape.split('x').map(Number);
  return { instances, tasks };
});

let runs = 0;

async function startInstance(
  masters: readonly RedisServer[],
  tasks: number,
): Promise<INestApplicationContext> {
  class BenchModule {}
  Module({
    imports: [
      DistributedScheduleModule.forRoot({
        redis: masters.map(({ url }) => url),
        namespace: 'bench',
        app: 'bench',
      }),
    ],
    providers: [
      providerWith(
        tasks,
        (index) =>
          EverySecondExclusive({ name: `chore${index}`, ...(JITTER_MS > 0 && { jitterMs: JITTER_MS }) }),
        () => {
          runs += 1;
        },
      ),
    ],
  })(BenchModule);
  return NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
}

interface Counters {
  readonly messages: number;
  readonly scripts: number;
  readonly commands: number;
  readonly bytes: number;
}

async function readCounters(client: Redis): Promise<Counters> {
  const stats = await client.info('stats');
  const commands = await client.info('commandstats');
  const scripts = ['evalsha', 'eval'].map((name) =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(commands)?.[1] ?? 0),
  );
  const field = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(stats)?.[1] ?? 0);
  return {
    messages: field('total_reads_processed'),
    scripts: scripts.reduce((sum, calls) => sum + calls, 0),
    commands: field('total_commands_processed'),
    bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
  };
}

async function measure({ instances, tasks }: Round): Promise<string> {
  const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
  const apps = await Promise.all(Array.from({ length: instances }, () => startInstance(masters, tasks)));
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const clients = masters.map((master) => master.client());
  const before = await Promise.all(clients.map(readCounters));
  const runsBefore = runs;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  const seconds = (performance.now() - startMs) / 1_000;
  const after = await Promise.all(clients.map(readCounters));
  const ran = (runs - runsBefore) / seconds;
  const { user, system } = process.cpuUsage(cpuBefore);
  await Promise.all(apps.map((app) => app.close()));
  await Promise.all(masters.map((master) => master.stop()));

  const perNode = (pick: (counters: Counters) => number): number =>
    clients.reduce(
      (sum, _, index) => sum + pick(after[index] as Counters) - pick(before[index] as Counters),
      0,
    ) /
    clients.length /
    seconds;
  const cells = [
    instances,
    tasks,
    ran.toFixed(1),
    perNode((counters) => counters.messages).toFixed(1),
    perNode((counters) => counters.scripts).toFixed(1),
    perNode((counters) => counters.commands).toFixed(0),
    (perNode((counters) => counters.bytes) / 1_000).toFixed(1),
    ((user + system) / 1_000 / seconds / instances).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
print(
  '| instances | tasks | runs/s | messages/s and node | scripts/s and node | commands/s and node, in scripts too | kB/s and node | CPU ms/s and instance |',
);
print('|---|---|---|---|---|---|---|---|');
for (const round of ROUNDS) print(await measure(round));
