/**
 * What a namespace takes up on a master: `used_memory` and connections, before and after instances with 100 tasks have run.
 *
 *     npm run bench:store-memory            (about three minutes)
 *
 * Every instance is a real Nest application with connections of its own, and every task is due every second and does nothing.
 */

import 'reflect-metadata';
import { type INestApplicationContext, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import { DistributedScheduleModule, EverySecondExclusive } from 'nestjs-distributed-schedule';
import { startRedis } from '../support/redis-server.js';

const TASKS = 100;
const ROUNDS = [1, 3, 12] as const;
/** Newest runs are written every 5 s, and what is short-lived has gone by then. */
const RUN_MS = 40_000;
/** Locks, presence and what else has a time to live. */
const EXPIRY_MS = 15_000;

function chores(): Type {
  class Chores {}
  for (let index = 0; index < TASKS; index += 1) {
    const descriptor: PropertyDescriptor = { value: () => undefined, configurable: true, writable: true };
    const method = `chore-number-${index}`;
    Object.defineProperty(Chores.prototype, method, descriptor);
    EverySecondExclusive({ name: method })(Chores.prototype, method, descriptor);
    Object.defineProperty(Chores.prototype, method, descriptor);
  }
  Injectable()(Chores);
  return Chores;
}

async function startInstance(redis: string): Promise<INestApplicationContext> {
  class BenchModule {}
  Module({
    imports: [DistributedScheduleModule.forRoot({ redis, namespace: 'shop-production', app: 'shop' })],
    providers: [chores()],
  })(BenchModule);
  return NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
}

interface Reading {
  readonly kilobytes: number;
  readonly connections: number;
}

async function read(client: Redis): Promise<Reading> {
  const info = `${await client.info('memory')}${await client.info('clients')}`;
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return { kilobytes: field('used_memory') / 1_000, connections: field('connected_clients') };
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const print = (...cells: readonly (number | string)[]): void => {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
};

print('instances', 'kB more while they run', 'kB more when they have gone', 'connections', 'keys that stay');
print('---', '---', '---', '---', '---');
for (const instances of ROUNDS) {
  const master = await startRedis();
  const client = master.client();
  const empty = await read(client);
  const apps = await Promise.all(Array.from({ length: instances }, () => startInstance(master.url)));
  await later(RUN_MS);
  const running = await read(client);
  await Promise.all(apps.map((app) => app.close()));
  await later(EXPIRY_MS);
  const gone = await read(client);
  print(
    instances,
    (running.kilobytes - empty.kilobytes).toFixed(0),
    (gone.kilobytes - empty.kilobytes).toFixed(0),
    running.connections - empty.connections,
    await client.dbsize(),
  );
  await master.stop();
}
