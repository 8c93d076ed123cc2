// npm run compatibility: the packed library with every combination, on every version of Node that can be had.
// The result goes into docs/compatibility.md. `-- --node 22,24` and `-- --only 'Nest 12'` make it smaller, and then
// nothing is written.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMBINATIONS, type Combination, NODES, type WayOfUse } from './combinations.js';
import { packLibrary } from './packed-library.js';
import { installCombination, WAYS_OF_USE } from './ways-of-use.js';

const page = join(import.meta.dirname, '..', '..', '..', 'docs', 'compatibility.md');
const RESULTS = '## The last full run\n';

interface Result {
  readonly combination: Combination;
  readonly use: WayOfUse;
  /** By version of Node; `undefined` is a success. */
  readonly failures: Map<string, string | undefined>;
}

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: NODES.join(',') },
    only: { type: 'string', default: '' },
  },
});
const scratch = mkdtempSync(join(tmpdir(), 'compatibility-'));
const startedMs = Date.now();
try {
  const nodes = new Map(values.node.split(',').map((version) => installNode(version)));
  const results = await runAll([...nodes]);
  const minutes = Math.ceil((Date.now() - startedMs) / 60_000);
  const table = `${describe([...nodes.keys()], minutes)}\n\n${tabulate(results, [...nodes.keys()])}\n`;
  process.stdout.write(table);
  if (values.only === '' && values.node === NODES.join(',')) write(table);
  if (results.some(({ failures }) => [...failures.values()].some(Boolean))) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The package `node` carries the program itself. In a folder of its own, since it would stand before the real one. */
function installNode(version: string): [string, string] {
  const folder = join(scratch, `node-${version}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `node@${version}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const program = join(folder, 'node_modules', 'node', 'bin', 'node');
  return [execFileSync(program, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim(), program];
}

async function runAll(nodes: readonly [string, string][]): Promise<Result[]> {
  const tarball = await packLibrary(scratch);
  const results: Result[] = [];
  for (const combination of COMBINATIONS.filter(({ title }) => title.includes(values.only))) {
    process.stderr.write(`${combination.title}\n`);
    const folder = join(scratch, combination.title.replaceAll(/\W+/g, '-'));
    await installCombination(folder, combination, tarball);
    for (const use of combination.uses) {
      const failures = new Map<string, string | undefined>();
      for (const [version, node] of nodes) failures.set(version, await tryUse(use, { folder, node }, version));
      results.push({ combination, use, failures });
    }
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

async function tryUse(
  use: WayOfUse,
  at: { folder: string; node: string },
  version: string,
): Promise<string | undefined> {
  const beganMs = Date.now();
  const failure = await WAYS_OF_USE[use](at).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const ms = Date.now() - beganMs;
  process.stderr.write(`  ${use}, Node ${version}: ${failure ?? 'works'} (${ms} ms)\n`);
  return failure;
}

function describe(nodes: readonly string[], minutes: number): string {
  const day = new Date(startedMs).toISOString().slice(0, 10);
  return `On ${day}, with Node ${nodes.join(', ')}, in ${minutes} minutes.`;
}

function tabulate(results: readonly Result[], nodes: readonly string[]): string {
  const heads = ['combination', 'versions', 'way of use', ...nodes.map((version) => `Node ${version}`)];
  const rows = results.map(({ combination, use, failures }, index) => {
    const isFirst = results[index - 1]?.combination !== combination;
    const [title, versions] = isFirst ? [combination.title, versionsOf(combination)] : ['', ''];
    return [title, versions, use, ...nodes.map((node) => (failures.get(node) ? '**fails**' : 'works'))];
  });
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function versionsOf({ peers, tools }: Combination): string {
  const shown = Object.entries({ ...peers, ...tools }).filter(([name]) => !name.startsWith('@types/'));
  return shown.map(([name, version]) => `${name.replace('@nestjs/', '')} ${version}`).join(', ');
}

function write(table: string): void {
  const [before = ''] = readFileSync(page, 'utf8').split(RESULTS);
  writeFileSync(page, `${before}${RESULTS}\n${table}`);
}
