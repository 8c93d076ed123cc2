/**
 * How much the simulation can see: each breakage of the protocol, made by hand, must be caught within its budget of worlds.
 *
 *     npm run simulate:mutants [-- name …]        (about ten minutes)
 *
 * Works on a copy of the sources. What no world of the budget shows is tried against the unit tests, and said so.
 * Ends with 1 when a mutant survives both.
 */

import { spawnSync } from 'node:child_process';
import { BrokenCopy } from '../support/broken-copy.js';
import { MUTANTS, type Mutant } from './mutants.js';

const WORLDS = 500;
const SEED = 7;
const PATIENCE_MS = 240_000;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function run(
  copy: string,
  command: string,
  args: readonly string[],
): { readonly code: number | null; readonly output: string } {
  const done = spawnSync(command, args, { cwd: copy, encoding: 'utf8', timeout: PATIENCE_MS });
  return { code: done.status, output: `${done.stdout}${done.stderr}` };
}

/** What caught the mutant, or undefined. */
function catchIn(copy: string, mutant: Mutant): string | undefined {
  const soak = ['--import', './scripts/typescript.mjs', 'test/simulation/soak.ts', '--until-violation'];
  for (const profile of mutant.profiles) {
    const { code, output } = run(copy, 'node', [
      ...soak,
      '--profile',
      profile,
      '--worlds',
      String(WORLDS),
      '--seed',
      String(SEED),
    ]);
    const caught = /violation in world (\d+) of (\w+), seed (\d+): (.*)/.exec(output);
    if (caught !== null) return `world ${caught[1]} of ${caught[2]}, seed ${caught[3]} | ${caught[4]}`;
    if (code === null) return `${profile} | the world never ended`;
    if (code !== 0) return `${profile} | ${output.trim().split('\n').at(-1)}`;
  }
  const unit = run(copy, 'npx', [
    'vitest',
    'run',
    '--project',
    'unit',
    'test/unit/protocol',
    'test/conformance',
  ]);
  if (unit.code === 0) return undefined;
  return `unit tests | ${/(?:×|FAIL) +(.*)/.exec(unit.output)?.[1]?.trim() ?? 'failed'}`;
}

const asked = process.argv.slice(2);
const copy = BrokenCopy.make();
let survivors = 0;
print('| breakage | caught in | by |');
print('|---|---|---|');
try {
  for (const mutant of MUTANTS.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    const caught = await copy.whileBroken(mutant, () => catchIn(copy.root, mutant));
    if (caught === undefined) survivors += 1;
    print(`| ${mutant.name} | ${caught ?? '**survived** | '} |`);
  }
} finally {
  copy.remove();
}
process.exit(survivors === 0 ? 0 : 1);
