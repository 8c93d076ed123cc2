import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DistributedScheduleModule } from '#src/index.js';
import { sharedRedis } from '../../support/shared-servers.js';

const AT_BOOT = 16;
/** So many scripts are waited for then, half of them exchanges of the board. */
const SCRIPTS = 16;
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

/** Resolves to the messages of this test itself that it took. */
async function untilSent(wanted: number): Promise<number> {
  let looks = 0;
  await expect
    .poll(async () => {
      looks += 1;
      return scripts();
    })
    .toBeGreaterThanOrEqual(wanted);
  return looks;
}

it('an instance that runs nothing sends its beat and the exchange of the board in one message', async () => {
  // The boot has scripts of its own, and beats at other times.
  await untilSent(AT_BOOT);
  const before = [await scripts(), await reads()] as const;
  const looks = await untilSent(before[0] + SCRIPTS);
  const [sent, messages] = [(await scripts()) - before[0], (await reads()) - before[1] - looks - 2];
  expect(messages).toBeLessThanOrEqual(sent - SPARED);
}, 60_000);
