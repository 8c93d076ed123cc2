import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);

const root = join(import.meta.dirname, '..', '..');
const library = join(root, 'libs', 'distributed-schedule');
const consumer = mkdtempSync(join(tmpdir(), 'consumer-'));

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;

/** What the README tells a user to install, at the versions that this repository is tested with. */
function peersAtTestedVersions(): string[] {
  const { dependencies = {}, devDependencies = {} } = manifestOf(root);
  const peers = Object.keys(manifestOf(library).peerDependencies ?? {});
  return [
    ...peers.map((name) => `${name}@${dependencies[name] ?? devDependencies[name]}`),
    ...['@types/node', '@types/pg'].map((name) => `${name}@${devDependencies[name]}`),
  ];
}

beforeAll(async () => {
  await run('npm', ['run', 'build'], { cwd: root });
  await run('npm', ['pack', '--pack-destination', consumer], { cwd: library });
  const [tarball] = readdirSync(consumer);
  cpSync(join(import.meta.dirname, 'package-consumer'), consumer, { recursive: true });
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }');
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`];
  await run('npm', [...install, ...peersAtTestedVersions()], { cwd: consumer });
}, 120_000);

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

describe('the published package, installed in an empty folder', () => {
  it('has types that compile in ESM and CommonJS files, without skipLibCheck', async () => {
    await run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', consumer]);
  });

  it('ticks once a second in an ESM app, which ends by itself when it is closed', async () => {
    const { stdout } = await run(process.execPath, ['app.js'], { cwd: consumer, timeout: 30_000 });
    const [first = Number.NaN, second] = JSON.parse(stdout) as number[];
    expect(first % 1_000).toBe(0);
    expect(second).toBe(first + 1_000);
  });

  it('is one copy for require() and import()', async () => {
    const { stdout } = await run(process.execPath, ['tokens.cjs'], { cwd: consumer, timeout: 30_000 });
    expect(stdout).toBe('one copy');
  });

  it('holds what it should and nothing else', () => {
    const installed = join(consumer, 'node_modules', 'nestjs-distributed-schedule');
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const files = readdirSync(join(installed, 'dist'), { recursive: true }).map(String);
    expect(files.filter((file) => /\.test\.|tsbuildinfo|(^|\/)test\//.test(file))).toEqual([]);
  });
});
