/** The block of docs/testing.md that needs a real Redis, as it stands. */

import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../../support/redis-server.js';
import { PageFolder } from '../../support/run-page.js';

it('docs/testing.md: a test against a real Redis passes, in a namespace of its own', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const page = new PageFolder(['testing.md']);
  onTestFinished(() => page.remove());
  const file = 'testing/test/real-redis.e2e-spec.ts';
  const tests = await page.test([file], { TEST_REDIS_URL: `redis://127.0.0.1:${server.port}` });
  expect(tests).toEqual([{ file, title: 'settles on a real Redis', state: 'passed' }]);
}, 120_000);
