/** A node that misses a lock, or loses it, gets it with the next renewal, so what fails later costs nothing. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { TickContext } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import { until } from '../../support/redis-instances.js';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedises } from '../../support/shared-servers.js';
import { startTaskApp } from '../../support/task-app.js';

/** As long as a lease lives. */
const TTL_MS = 3_000;
const { ledger: LEDGER } = redisKeys('test');
const LOCK = redisKeys('test').lock('work');

interface Running {
  readonly servers: readonly RedisServer[];
  /** One of each server. */
  readonly clients: readonly Redis[];
  readonly signal: AbortSignal;
}

async function startRunning(): Promise<Running> {
  const servers = await ownRedises(3);
  let begun: (tick: TickContext) => void = () => {};
  const first = new Promise<TickContext>((resolve) => {
    begun = resolve;
  });
  let end: () => void = () => {};
  const goesOn = new Promise<void>((resolve) => {
    end = resolve;
  });
  const app = await startTaskApp({ redis: servers.map(({ url }) => url) }, (tick) => {
    begun(tick);
    return goesOn;
  });
  onTestFinished(async () => {
    end();
    await app.close();
  });
  const { signal } = await first;
  // It begins when a majority has answered: the others are to have it too, before anything is taken from them.
  const clients = servers.map((server) => server.client());
  await until(
    async () => (await Promise.all(clients.map(hasBoth))).every(Boolean),
    'all have claim and lock',
  );
  return { servers, clients, signal };
}

const stands = async (client: Redis | undefined): Promise<boolean> => (await client?.exists(LOCK)) === 1;

const hasBoth = async (client: Redis): Promise<boolean> =>
  (await client.hexists(LEDGER, 't:work')) === 1 && (await stands(client));

it('a node that has missed the lock has it after a renewal, and the run outlives another master', async () => {
  const { servers, clients, signal } = await startRunning();
  const [missing] = clients;
  await missing?.del(LOCK);
  await until(() => stands(missing), 'the lock stands on all nodes');
  await servers[1]?.kill();
  await sleep(2 * TTL_MS);
  expect(signal.aborted ? String(signal.reason) : 'trusted').toBe('trusted');
}, 60_000);

it('a lock after which somebody else has claimed the task is not made again: the lease is lost', async () => {
  const { clients, signal } = await startRunning();
  const others = clients.slice(1);
  const taken = await Promise.all(others.map((client) => client.get(LOCK)));
  await Promise.all(
    others.map(async (client) => {
      const [tick = ''] = ((await client.hget(LEDGER, 't:work')) ?? '').split(' ');
      await client.hset(LEDGER, 't:work', `${Number(tick) + 60_000} somebody:1 ${tick}`);
      await client.del(LOCK);
    }),
  );
  await until(() => signal.aborted, 'the run is told');
  expect(String(signal.reason)).toContain('a majority of nodes says that the lock is no longer ours');
  // Bids for later ticks take the lock for a moment, each under a value of its own.
  const standing = await Promise.all(others.map((client) => client.get(LOCK)));
  expect(standing.filter((value, node) => value !== null && value === taken[node])).toEqual([]);
}, 60_000);
