/** Commands and scripts that stand on a page, typed as they stand there, against a real Redis. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { blocksOf } from '../../support/page-files.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { PageFolder } from '../../support/run-page.js';

const run = promisify(execFile);

/** The library is loaded inside of the test, on a busy machine. */
const TIMEOUT_MS = 120_000;

let server: RedisServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.port);
});

afterAll(async () => {
  client.disconnect();
  await server.stop();
});

async function type(page: string): Promise<string> {
  const [block] = blocksOf(page).filter(({ language }) => language === 'sh');
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${server.port}` };
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', block?.code ?? ''], { env });
  return stdout;
}

it('docs/faq.md: removes the keys of the namespace, and no other', async () => {
  await client.mset({
    '{shop-staging}:ledger': 1,
    '{shop-staging}:lock:import slot 1': 1,
    '{shop}:ledger': 1,
  });
  await type('faq.md');
  expect(await client.keys('*')).toEqual(['{shop}:ledger']);
});

it('docs/managed-redis.md: shows what a fit master answers', async () => {
  const said = await type('managed-redis.md');
  expect(said).toMatch(/^run_id:[0-9a-f]{40}/m);
  expect(said).toMatch(/^role:master/m);
  expect(said).toMatch(/^master_replid:[0-9a-f]{40}/m);
  expect(said).toMatch(/^x\n0$/m);
});

it(
  'docs/clock.md: the script finds no clock that was set back',
  async () => {
    const folder = new PageFolder(['clock.md']);
    const said = vi.spyOn(console, 'log').mockReturnValue(undefined);
    onTestFinished(() => {
      folder.remove();
      said.mockRestore();
    });
    process.env.REDIS_URLS = `redis://127.0.0.1:${server.port}`;
    await folder.load('clock/raise-epoch.ts');
    expect(said).toHaveBeenCalledWith({ epoch: 0, setBackMs: 0, raised: [] });
  },
  TIMEOUT_MS,
);
