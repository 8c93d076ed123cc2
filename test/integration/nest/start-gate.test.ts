/** The start gate of real apps: what stops a bad rollout at its first instance, and what does not. */

import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  DistributedScheduleRegistry,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { expect, it, onTestFinished } from 'vitest';
import { createProxy, newNamespace, until } from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

const server = sharedRedis();

async function boot(schedule: DistributedScheduleOptions) {
  const testing = await Test.createTestingModule({
    imports: [
      DistributedScheduleModule.forRoot({ app: 'shop', ...schedule }),
      DistributedScheduleHealthModule,
    ],
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.init();
  const health = app.get(DistributedScheduleHealthIndicator);
  const registry = app.get(DistributedScheduleRegistry);
  return { gate: () => health.isStarted('schedule').schedule, status: () => registry.status() };
}

it('opens when the store is reached for the first time, and stays open when it goes', async () => {
  const proxy = await createProxy(server);
  onTestFinished(() => proxy.close());
  const { gate, status } = await boot({ redis: proxy.url, namespace: newNamespace() });
  await until(() => String(gate().waitsFor).includes('ECONNREFUSED'), 'the reason is known');
  expect(gate()).toMatchObject({ status: 'down', state: 'running' });
  await proxy.open();
  await until(() => gate().status === 'up', 'the store is reached');
  await proxy.close();
  await until(() => !status().quorum, 'the store is lost');
  expect(gate()).toMatchObject({ status: 'up', waitsFor: [] });
});

it('stays shut with a wrong password, and says so', async () => {
  const client = server.client();
  await client.call('ACL', 'SETUSER', 'gate', 'on', '>right', '~*', '&*', '+@all');
  const redis = server.url.replace('redis://', 'redis://gate:wrong@');
  const { gate } = await boot({ redis, namespace: newNamespace() });
  await until(() => String(gate().waitsFor).includes('DSCHED_CREDENTIALS_REFUSED'), 'the reason is known');
  expect(gate().status).toBe('down');
  expect(JSON.stringify(gate())).not.toContain('127.0.0.1');
});

it('stays shut for an instance of an older generation of the set of nodes', async () => {
  const namespace = newNamespace();
  const redis = server.url;
  const newer = await boot({ redis, namespace, nodeSetGeneration: 2 });
  await until(() => newer.gate().status === 'up', 'the newer one is up');
  await until(() => newer.status().nodeSet?.condition === 'bids', 'its set is on record');
  const { gate, status } = await boot({ redis, namespace });
  await until(() => status().hadQuorum, 'the nodes answer');
  expect(gate()).toMatchObject({
    status: 'down',
    waitsFor: ['a newer generation of the node set is in use, so this instance never bids'],
  });
});
