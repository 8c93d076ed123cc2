/** Scripts and tests that build an app without running it, or whose app does not come up: their process ends by itself. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sharedRedis } from '../../../support/shared-servers.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const SCRIPT = fileURLToPath(new URL('app-script.ts', import.meta.url));

/** Of a slow machine, which compiles the sources first. A process that nothing keeps alive ends at once. */
const ENDS_WITHIN_MS = 120_000;

const redis = sharedRedis();

it.each([
  ['a store', 'up', () => redis.url],
  ['a store that is down', 'down', () => 'redis://127.0.0.1:1'],
])(
  'with %s nothing keeps a process alive whose app does not run',
  { timeout: 2 * ENDS_WITHIN_MS },
  async (_store, isUp, url) => {
    const child = spawn(process.execPath, ['--import', './scripts/typescript.mjs', SCRIPT, url(), isUp], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: unknown): void => {
      output += String(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const late = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
    const [code, signal] = await once(child, 'close');
    clearTimeout(late);
    expect(output.trim().split('\n')).toEqual([
      'a test that compiles: done',
      'create: done',
      'create and close: done',
      'create, init and close: done',
      'a context that is closed: done',
      'an app whose init fails: no migration',
      'an app whose bootstrap fails: no queue',
      'a context whose init fails: no migration',
      'a context whose bootstrap fails: no queue',
      ...(isUp === 'up' ? ['a context that a handler closes: done'] : []),
    ]);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    // The run that closed its app has released its lock, long before that would expire.
    expect(await redis.client().keys('{process-ends}:lock:*')).toEqual([]);
  },
);
