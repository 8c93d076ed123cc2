/** Commands and scripts that stand on a page, typed as they stand there, against a real Redis. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocksOf } from '../../support/page-files.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { PageFolder } from '../../support/run-page.js';

const run = promisify(execFile);
const loader = join(import.meta.dirname, '../../../scripts/typescript.mjs');

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

it('docs/clock.md: the script finds no clock that was set back', async () => {
  const folder = new PageFolder(['clock.md']);
  try {
    const env = { ...process.env, REDIS_URLS: `redis://127.0.0.1:${server.port}` };
    const { stdout } = await run(
      process.execPath,
      ['--import', loader, folder.pathOf('clock/raise-epoch.ts')],
      { env },
    );
    expect(stdout).toContain('setBackMs: 0');
  } finally {
    folder.remove();
  }
});
