import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DistributedScheduleModule, DistributedScheduleRegistry } from '#src/index.js';
import { sharedRedis } from '../../support/shared-servers.js';

/** So many scripts are waited for, half of them exchanges of the board. */
const SCRIPTS = 12;
/** Messages that are fewer at least: on a busy machine a beat may be too late for an exchange, and goes alone. */
const SPARED = 4;

const server = sharedRedis();
let app: INestApplicationContext | undefined;
let client: Redis;

async function count(section: string, field: RegExp): Promise<number> {
  return Number(field.exec(await client.info(section))?.[1] ?? 0);
}
const scripts = (): Promise<number> => count('commandstats', /cmdstat_evalsha:calls=(\d+)/);
const reads = (): Promise<number> => count('stats', /total_reads_processed:(\d+)/);

beforeAll(async () => {
  client = server.client();
  const imports = [
    DistributedScheduleModule.forRoot({ redis: server.url, namespace: 'quiet', app: 'quiet' }),
  ];
  class QuietModule {}
  Module({ imports })(QuietModule);
  app = await NestFactory.createApplicationContext(QuietModule, { logger: false });
});
afterAll(() => app?.close());

it('an instance that runs nothing sends its beat and the exchange of the board in one message', async () => {
  const registry = app?.get(DistributedScheduleRegistry);
  await expect.poll(() => registry?.store().nodes.every(({ answering }) => answering)).toBe(true);
  const before = [await scripts(), await reads()] as const;
  // Each is a message of this test itself.
  let looks = 0;
  await expect
    .poll(async () => {
      looks += 1;
      return (await scripts()) - before[0];
    })
    .toBeGreaterThanOrEqual(SCRIPTS);
  const [sent, messages] = [(await scripts()) - before[0], (await reads()) - before[1] - looks - 2];
  expect(messages).toBeLessThanOrEqual(sent - SPARED);
});
