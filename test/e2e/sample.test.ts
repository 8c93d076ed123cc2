/** The sample app, three times on one Redis: each second runs once, also when the process that runs it is killed. */

import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../support/redis-server.js';
import { SampleFleet } from '../support/sample-fleet.js';

const root = join(import.meta.dirname, '../..');
const COMMAND = 'exec node --import ./scripts/typescript.mjs apps/sample/src/main.ts';
const INSTANCES = 3;
/** Looked at before the kill, and after it. */
const SECONDS = 3;

it('runs each second in one of three processes', async () => {
  const server = await startRedis();
  const fleet = new SampleFleet();
  onTestFinished(async () => {
    fleet.stop();
    await server.stop();
  });
  for (let index = 0; index < INSTANCES; index += 1)
    fleet.start(COMMAND, root, { REDIS_URL: `redis://127.0.0.1:${server.port}` });
  await fleet.more(SECONDS);
  const killed = await fleet.killLast();
  const before = fleet.runs.length;
  await fleet.more(SECONDS);
  const ticks = fleet.runs.map(({ tickMs }) => tickMs);
  expect(ticks).toEqual(ticks.map((_, index) => (ticks[0] ?? 0) + index * 1_000));
  expect(fleet.runs.slice(before).map(({ pid }) => pid)).not.toContain(killed);
});
