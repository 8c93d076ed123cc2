/** What the log and readiness say while a store goes away and comes back. */

import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { expect, it } from 'vitest';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedis } from '../../support/shared-servers.js';
import { bootWith } from '../../unit/nest/nest-app.js';

const NOBODY = 'nobody listens at its address (ECONNREFUSED): start Redis there, or correct host and port';

@Injectable()
class Settlement {
  @EverySecondExclusive({ name: 'settle' })
  settle(): void {}
}

async function boot(servers: readonly RedisServer[]) {
  const { app, logs } = await bootWith({
    imports: [
      DistributedScheduleModule.forRoot({
        ...{ redis: servers.map(({ url }) => url), namespace: 'shop', app: 'shop' },
      }),
      DistributedScheduleHealthModule,
    ],
    providers: [Settlement],
  });
  const registry = app.get(DistributedScheduleRegistry);
  await expect.poll(() => registry.status().quorum).toBe(true);
  await expect.poll(() => registry.store().nodes.every(({ answering }) => answering)).toBe(true);
  const readiness = () => app.get(DistributedScheduleHealthIndicator).isReady('schedule').schedule;
  /** Of the store; ticks that were missed are told as well. */
  const said = () => logs.ours('warn').filter((line) => !/^Task |not run/.test(line));
  return { readiness, said, all: () => logs.ours('warn') };
}

async function start(): Promise<RedisServer> {
  const server = await ownRedis();
  return server;
}

it('a single store that ends is told with its reason, and so is its return, each once and at one level', async () => {
  const server = await start();
  const { readiness, said } = await boot([server]);
  expect(said()).toEqual([]);
  await server.kill();
  await expect
    .poll(said)
    .toEqual([
      `Quorum lost: 0 of 1 nodes answer. No task runs here until a majority does. node 1 gives no vote: ${NOBODY}.`,
    ]);
  expect(readiness()).toMatchObject({
    status: 'degraded',
    impaired: ['no quorum: 0 of 1 nodes answer', `node 1 gives no vote: ${NOBODY}`],
  });
  await server.start();
  await expect.poll(() => said()[1]).toMatch(/^Quorum is back( after \d+ s)?: 1 of 1 nodes answer\.$/);
  expect(said()).toHaveLength(2);
  expect(JSON.stringify(readiness())).not.toContain('no quorum');
});

it('ticks that did not run meanwhile are told in one line when the store is back, and not once more', async () => {
  const server = await start();
  const { said, all } = await boot([server]);
  await server.kill();
  await expect.poll(() => said().length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await server.start();
  await expect
    .poll(() => all().filter((line) => line.includes('Not run')))
    .toEqual([
      expect.stringMatching(
        /^Not run while no majority voted, as far as this instance knows: ([2-9]|1\d) ticks of 'settle'\.$/,
      ),
    ]);
  expect(all().filter((line) => /run by nobody.*no majority/.test(line))).toEqual([]);
}, 30_000);

it('one node of three that ends is one line and a warning, and so is its return', async () => {
  const servers = await Promise.all([start(), start(), start()]);
  const { readiness, said } = await boot(servers);
  expect(said()).toEqual([]);
  await servers[1]?.kill();
  await expect.poll(said).toEqual([`node 2 gives no vote: ${NOBODY}. Tasks run, as 2 of 3 nodes answer.`]);
  expect(readiness()).toMatchObject({ warnings: [`node 2 gives no vote: ${NOBODY}`] });
  await servers[1]?.start();
  await expect.poll(() => said()[1]).toMatch(/^node 2 answers again( after \d+ s)?: 3 of 3 nodes answer\.$/);
  expect(said()).toHaveLength(2);
  expect(readiness()).toMatchObject({ warnings: [] });
});
