import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../../support/redis-server.js';
import { SampleFleet } from '../../support/sample-fleet.js';
import { COMBINATIONS } from './combinations.js';
import { type FirstTask, takeFirstSteps } from './first-task.js';
import { installNode, NODES, type NodeProgram } from './node-versions.js';
import { packLibrary } from './packed-library.js';
import { installCombination, WAYS_OF_USE } from './ways-of-use.js';

/** Downloads, on a machine that may have nothing in npm's cache. */
const INSTALL_TIMEOUT_MS = 300_000;

const scratch = mkdtempSync(join(tmpdir(), 'package-'));
const otherNodes = NODES.filter((version) => Number.parseInt(version, 10) !== ownMajor());
let tarball = '';
let programs: NodeProgram[] = [];
let firstTask: Promise<FirstTask>;

beforeAll(async () => {
  tarball = await packLibrary(scratch);
  // npm waits more than it works, so this goes on beside the tests before it is asked for.
  firstTask = takeFirstSteps(scratch, tarball);
  firstTask.catch(() => undefined);
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
    const pages = ['ARCHITECTURE.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md'];
    expect(readdirSync(installed).sort()).toEqual([...pages, 'dist', 'docs', 'package.json'].sort());
    const files = readdirSync(join(installed, 'dist'), { recursive: true }).map(String);
    expect(files.filter((file) => /\.test\.|tsbuildinfo|(^|\/)test\//.test(file))).toEqual([]);
  });
});

/** As npm's page of the package shows it. */
describe('the README of the packed library', () => {
  it('has whole links only, to files that the tarball has', async () => {
    const folder = join(scratch, 'unpacked');
    mkdirSync(folder);
    await promisify(execFile)('tar', ['xzf', tarball, '--strip-components=1', '-C', folder]);
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    const links = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/\]\(([^)]+)\)/g)].map(
      ([, to = '']) => to,
    );
    const own = `https://unpkg.com/${name}@${version}/`;
    expect(links.filter((link) => !link.startsWith('#') && !link.startsWith('https://'))).toEqual([]);
    const files = links.filter((link) => link.startsWith(own)).map((link) => link.slice(own.length));
    expect(files).toContain('docs/errors.md');
    expect(files.filter((file) => !existsSync(join(folder, file.replace(/#.*/, ''))))).toEqual([]);
  });

  it(
    'leads from an empty folder to a task that runs once on three processes',
    async () => {
      const server = await startRedis();
      onTestFinished(() => server.stop());
      const { folder, inMemory, onRedis } = await firstTask;
      const alone = new SampleFleet();
      onTestFinished(() => alone.stop());
      alone.start(inMemory, folder);
      await alone.more(2);
      const three = new SampleFleet();
      onTestFinished(() => three.stop());
      for (let index = 0; index < 3; index += 1)
        three.start(onRedis.replace('127.0.0.1:6379', `127.0.0.1:${server.port}`), folder);
      await three.more(3);
      const ticks = three.runs.map(({ tickMs }) => tickMs);
      // Beside other tests a second may come too late on all three; test/e2e/sample.test.ts looks for that.
      expect(ticks).toEqual([...new Set(ticks)]);
      expect(ticks.filter((tick) => tick % 1_000 !== 0)).toEqual([]);
    },
    INSTALL_TIMEOUT_MS,
  );
});

interface Manifest {
  readonly name: string;
  readonly version: string;
}

function ownMajor(): number {
  return Number.parseInt(process.versions.node, 10);
}
