import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { repositoryRoot } from '../../architecture/source-tree.js';

it('a process survives handlers that fail in every way, and a hook that fails as well', async () => {
  const app = join(import.meta.dirname, 'failing-app.ts');
  const hooks = join(repositoryRoot, 'scripts/typescript.mjs');
  // A rejection that nobody takes ends the process, and with it this test.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', hooks, app], {
    cwd: repositoryRoot,
    timeout: 60_000,
  });
  expect(stdout).toBe('survived\n');
  expect(stderr).toBe('');
});
