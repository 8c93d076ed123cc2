// npm run compatibility: the packed library with every combination, on every version of Node that can be had.
// The result goes into docs/compatibility.md. `-- --node 22,24` and `-- --only 'Nest 12'` make it smaller, and then
// nothing is written.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMBINATIONS, type Combination, type WayOfUse } from './combinations.js';
import { installNode, NODES, type NodeProgram } from './node-versions.js';
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
  const nodes = await Promise.all(values.node.split(',').map((version) => installNode(version, scratch)));
  const results = await runAll(nodes);
  const versions = nodes.map(({ version }) => version);
  const table = `${describe(versions)}\n\n${tabulate(results, versions)}\n\n${listVersions()}\n`;
  process.stdout.write(table);
  if (values.only === '' && values.node === NODES.join(',')) write(table);
  if (results.some(({ failures }) => [...failures.values()].some(Boolean))) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function runAll(nodes: readonly NodeProgram[]): Promise<Result[]> {
  const tarball = await packLibrary(scratch);
  const results: Result[] = [];
  for (const combination of COMBINATIONS.filter(({ title }) => title.includes(values.only))) {
    process.stderr.write(`${combination.title}\n`);
    const folder = join(scratch, combination.title.replaceAll(/\W+/g, '-'));
    const unfit = await failureOf(installCombination(folder, combination, tarball));
    if (unfit !== undefined) process.stderr.write(`${unfit}\n`);
    for (const use of combination.uses) {
      const failures = new Map<string, string | undefined>();
      for (const { version, path: node } of nodes) {
        failures.set(version, unfit ?? (await tryUse(use, { folder, node }, version)));
      }
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
  const failure = await failureOf(WAYS_OF_USE[use](at));
  const ms = Date.now() - beganMs;
  process.stderr.write(`  ${use}, Node ${version}: ${failure ?? 'works'} (${ms} ms)\n`);
  return failure;
}

function failureOf(trying: Promise<void>): Promise<string | undefined> {
  return trying.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

function describe(nodes: readonly string[]): string {
  const day = new Date(startedMs).toISOString().slice(0, 10);
  const minutes = Math.ceil((Date.now() - startedMs) / 60_000);
  return `On ${day}, with Node ${nodes.join(', ')}, in ${minutes} minutes.`;
}

function tabulate(results: readonly Result[], nodes: readonly string[]): string {
  const heads = ['combination', 'way of use', ...nodes.map((version) => `Node ${version}`)];
  const rows = results.map(({ combination, use, failures }, index) => {
    const isFirst = results[index - 1]?.combination !== combination;
    const answers = nodes.map((node) => (failures.get(node) === undefined ? 'works' : '**fails**'));
    return [isFirst ? combination.title : '', use, ...answers];
  });
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Without the packages of types, which only the compiler reads. */
function listVersions(): string {
  const lines = COMBINATIONS.map(({ title, peers, tools }) => {
    const shown = Object.entries({ ...peers, ...tools }).filter(([name]) => !name.startsWith('@types/'));
    return `- ${title}: ${shown.map(([name, version]) => `${name.replace('@nestjs/', '')} ${version}`).join(', ')}`;
  });
  return ['The versions:', '', ...lines].join('\n');
}

function write(table: string): void {
  const [before = ''] = readFileSync(page, 'utf8').split(RESULTS);
  writeFileSync(page, `${before}${RESULTS}\n${table}`);
}
