import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMBINATIONS } from './combinations.js';
import { packLibrary } from './packed-library.js';
import { installCombination, WAYS_OF_USE } from './ways-of-use.js';

const scratch = mkdtempSync(join(tmpdir(), 'package-'));
let tarball = '';

beforeAll(async () => {
  tarball = await packLibrary(scratch);
}, 120_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const inCi = COMBINATIONS.filter((combination) => combination.inCi);

describe.each(inCi)('the packed library with $title', (combination) => {
  const folder = join(scratch, combination.title.replaceAll(/\W+/g, '-'));

  beforeAll(() => installCombination(folder, combination, tarball), 120_000);

  it.concurrent.each(combination.uses)('works: %s', async (use) => {
    await WAYS_OF_USE[use]({ folder, node: process.execPath });
  });

  it('holds what it should and nothing else', () => {
    const installed = join(folder, 'node_modules', 'nestjs-distributed-schedule');
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const files = readdirSync(join(installed, 'dist'), { recursive: true }).map(String);
    expect(files.filter((file) => /\.test\.|tsbuildinfo|(^|\/)test\//.test(file))).toEqual([]);
  });
});
