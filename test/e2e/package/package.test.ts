import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMBINATIONS } from './combinations.js';
import { installNode, NODES, type NodeProgram } from './node-versions.js';
import { packLibrary } from './packed-library.js';
import { installCombination, WAYS_OF_USE } from './ways-of-use.js';

/** Downloads, on a machine that may have nothing in npm's cache. */
const INSTALL_TIMEOUT_MS = 300_000;

const scratch = mkdtempSync(join(tmpdir(), 'package-'));
const otherNodes = NODES.filter((version) => Number.parseInt(version, 10) !== ownMajor());
let tarball = '';
let programs: NodeProgram[] = [];

beforeAll(async () => {
  tarball = await packLibrary(scratch);
  programs = await Promise.all(otherNodes.map((version) => installNode(version, scratch)));
}, INSTALL_TIMEOUT_MS);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const inCi = COMBINATIONS.filter((combination) => combination.inCi);

describe.each(inCi)('the packed library with $title', (combination) => {
  const folder = join(scratch, combination.title.replaceAll(/\W+/g, '-'));

  beforeAll(() => installCombination(folder, combination, tarball), INSTALL_TIMEOUT_MS);

  it.concurrent.each(combination.uses)('works: %s', async (use) => {
    await WAYS_OF_USE[use]({ folder, node: process.execPath });
  });

  // What was compiled above, on the other lines of Node.
  const apps = combination.uses.filter((use) => /^(CommonJS|ESM)/.test(use));
  it.each(apps)('works on the other versions of Node: %s', async (use) => {
    await Promise.all(programs.map(({ path: node }) => WAYS_OF_USE[use]({ folder, node })));
  });

  it('holds what it should and nothing else', () => {
    const installed = join(folder, 'node_modules', 'nestjs-distributed-schedule');
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const files = readdirSync(join(installed, 'dist'), { recursive: true }).map(String);
    expect(files.filter((file) => /\.test\.|tsbuildinfo|(^|\/)test\//.test(file))).toEqual([]);
  });
});

function ownMajor(): number {
  return Number.parseInt(process.versions.node, 10);
}
