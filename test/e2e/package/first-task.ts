/** The first task of the README, step by step in an empty folder, with the commands and the files that stand there. */

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { blocksOf, filesOfPage, writeFiles } from '../../support/page-files.js';

const run = promisify(execFile);
const README = '../README.md';
const INSTALL_TIMEOUT_MS = 240_000;

export interface FirstTask {
  /** Where the reader is now. */
  readonly folder: string;
  /** Step 4, in the memory of one process. */
  readonly inMemory: string;
  /** Step 5, what is typed in each of three terminals. */
  readonly onRedis: string;
}

/** Steps 1 to 3. The package is not published yet, so its name stands for the tarball. */
export async function takeFirstSteps(scratch: string, tarball: string): Promise<FirstTask> {
  const start = join(scratch, 'first-task');
  mkdirSync(start);
  const [install = '', inMemory = '', onRedis = ''] = blocksOf(README)
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code);
  const [settings] = blocksOf(README).filter(({ language }) => language === 'json');
  await run('bash', ['-ec', install.replace(' nestjs-distributed-schedule ', ` ${tarball} `)], {
    cwd: start,
    timeout: INSTALL_TIMEOUT_MS,
    // A parent npm hands down that this repository is strict about engines.
    env: { ...process.env, npm_config_engine_strict: 'false', npm_config_prefer_offline: 'true' },
  });
  const folder = join(start, 'shop');
  writeFileSync(join(folder, 'tsconfig.json'), settings?.code ?? '');
  writeFiles(folder, new Map([['src/main.ts', filesOfPage(README).get('src/main.ts') ?? '']]));
  const [, line = ''] = /^(REDIS_URL=.*)$/m.exec(onRedis) ?? [];
  return { folder, inMemory, onRedis: line };
}
