/** A node that misses a lock, or loses it, gets it with the next renewal, so what fails later costs nothing. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { TickContext } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import { until } from '../../support/redis-instances.js';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedises } from '../../support/shared-servers.js';
import { startTaskApp } from '../../support/task-app.js';

/** As long as a lease lives. */
const TTL_MS = 3_000;
const LOCK = redisKeys('test').lock('work');

async function startRunning(): Promise<{ servers: readonly RedisServer[]; signal: AbortSignal }> {
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
  return { servers, signal: (await first).signal };
}

const stands = async (server: RedisServer | undefined): Promise<boolean> =>
  (await server?.client().exists(LOCK)) === 1;

it('a node that has missed the lock has it after a renewal, and the run outlives another master', async () => {
  const { servers, signal } = await startRunning();
  const [missing, dying] = servers;
  await missing?.client().del(LOCK);
  await until(() => stands(missing), 'the lock stands on all nodes');
  await dying?.kill();
  await sleep(2 * TTL_MS);
  expect(signal.aborted ? String(signal.reason) : 'trusted').toBe('trusted');
}, 60_000);

it('a lock after which somebody else has claimed the task is not made again: the lease is lost', async () => {
  const { servers, signal } = await startRunning();
  const { ledger } = redisKeys('test');
  await Promise.all(
    servers.slice(1).map(async (server) => {
      const client = server.client();
      const [tick = ''] = ((await client.hget(ledger, 't:work')) ?? '').split(' ');
      await client.hset(ledger, 't:work', `${Number(tick) + 60_000} somebody:1 ${tick}`);
      await client.del(LOCK);
    }),
  );
  await until(() => signal.aborted, 'the run is told');
  expect(String(signal.reason)).toContain('a majority of nodes says that the lock is no longer ours');
  expect(await Promise.all(servers.slice(1).map(stands))).toEqual([false, false]);
}, 60_000);
