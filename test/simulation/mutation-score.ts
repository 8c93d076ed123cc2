/**
 * How much the simulation can see: each breakage of the protocol, made by hand, must be caught within its budget of worlds.
 * Where something else stands before a broken rule, so that no world can show it, its row names the tests that must fail.
 *
 *     npm run simulate:mutants [-- [--keep] [--worlds 500] name …]
 *
 * Works on a copy of the sources. Ends with 1 when a mutant survives all its worlds and its tests. With `--keep` the plan
 * that catches a mutant is made small and kept in `regressions/`.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Breakage, BrokenCopy } from '../support/broken-copy.js';
import { BOARD_MUTANTS } from './mutants/board-mutants.js';
import type { Mutant } from './mutants/mutant.js';
import { MUTANTS } from './mutants/mutants.js';
import { type Regression, writeRegression } from './regression.js';

const SEED = 7;
const PATIENCE_MS = 1_800_000;
/** Worlds of their own, which know no profiles. */
const BOARDS = 'board';
const OVERLOAD = 'overload';
const OWN_SOAKS: Readonly<Record<string, string>> = {
  [BOARDS]: 'test/simulation/board/board-soak.ts',
  [OVERLOAD]: 'test/simulation/overload/overload-soak.ts',
};
/** Each is twenty seconds of twelve instances, twice. */
const MOST_OF_OVERLOAD = 5;

/** What is read of vitest's report. */
interface TestReport {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { values, positionals } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, worlds: { type: 'string', default: '500' } },
  allowPositionals: true,
});

/** What caught the mutant as `where | by`, or undefined. Boards have worlds of their own, and no profiles. */
function catchIn(copy: string, mutant: Breakage & Partial<Mutant>): string | undefined {
  for (const profile of mutant.profiles ?? [BOARDS]) {
    const { status, output } = soak(copy, profile, ['--until-violation'], mutant.seed);
    const caught = /violation in world (\d+) of (\w+), seed (\d+): (.*)/.exec(output);
    if (caught !== null) {
      if (values.keep && OWN_SOAKS[profile] === undefined) keep(copy, mutant, profile);
      return `world ${caught[1]} of ${caught[2]}, seed ${caught[3]} | ${caught[4]}`;
    }
    // Neither a broken promise nor a good end: the breakage has broken the program, which is no proof of anything.
    if (status !== 0) throw new Error(`mutant '${mutant.name}': ${output.trim().slice(-2_000)}`);
  }
  return mutant.tests === undefined ? undefined : failedTests(copy, mutant.name, mutant.tests);
}

/** The first test that fails and how many do, or undefined. They pass on unbroken sources, or the gate would not. */
function failedTests(copy: string, name: string, tests: readonly string[]): string | undefined {
  const asked = ['vitest', 'run', '--project', 'unit', '--reporter', 'json'];
  const done = spawnSync('npx', [...asked, ...tests.map((test) => `test/${test}`)], {
    cwd: copy,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  const report = JSON.parse(done.stdout.slice(done.stdout.indexOf('{"num'))) as TestReport;
  if (report.numTotalTests === 0) throw new Error(`mutant '${name}': no test in ${tests.join(', ')}`);
  const failed = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  const [first] = failed;
  return first === undefined ? undefined : `${failed.length} tests | ${first.fullName}`;
}

function keep(copy: string, { name, seed }: Breakage & Partial<Mutant>, profile: string): void {
  const { output } = soak(copy, profile, [], seed);
  const file = /kept as (.*)/.exec(output)?.[1];
  if (file === undefined) throw new Error(`mutant '${name}': ${output.trim().slice(-2_000)}`);
  const { plan, note } = JSON.parse(readFileSync(file, 'utf8')) as Regression;
  writeRegression(name, {
    profile: profile as Regression['profile'],
    note: `catches: ${name} (${note})`,
    plan,
  });
}

function soak(
  copy: string,
  profile: string,
  options: readonly string[],
  seed = SEED,
): { readonly status: number | null; readonly output: string } {
  const own = OWN_SOAKS[profile];
  const worlds = profile === OVERLOAD ? Math.min(Number(values.worlds), MOST_OF_OVERLOAD) : values.worlds;
  const asked = [
    ...(own === undefined ? ['--profile', profile] : []),
    '--worlds',
    String(worlds),
    '--seed',
    String(seed),
    ...options,
  ];
  const script = ['--import', './scripts/typescript.mjs', own ?? 'test/simulation/soak.ts'];
  const done = spawnSync('node', [...script, ...asked], {
    cwd: copy,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  return { status: done.status, output: `${done.stdout}${done.stderr}` };
}

const chosen = [...MUTANTS, ...BOARD_MUTANTS].filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
const copy = BrokenCopy.make();
let survivors = 0;
const byPromise = new Map<string, string[]>();
const byTests: string[] = [];

/** `world 3 of normal, seed 7 | a lock has one holder` as docs/faults.md has it: under the promise, with profile and world. */
function fold(name: string, caught: string): void {
  const [where = '', promise = ''] = caught.split(' | ');
  const short = where
    .replace(/^world (\d+) of (\w+), seed (\d+)$/, '$2 $1 of seed $3')
    .replace(` of seed ${SEED}`, '');
  byPromise.set(promise, [...(byPromise.get(promise) ?? []), `${name} (${short})`]);
}

print('| breakage | caught in | by |');
print('|---|---|---|');
try {
  for (const mutant of chosen) {
    const caught = await copy.whileBroken(mutant, () => catchIn(copy.root, mutant));
    if (caught === undefined) survivors += 1;
    else if (caught.startsWith('world ')) fold(mutant.name, caught);
    else byTests.push(mutant.name);
    print(`| ${mutant.name} | ${caught ?? '**survived** | '} |`);
  }
} finally {
  copy.remove();
}
for (const [promise, breakages] of byPromise) print(`\n**${promise}**: ${breakages.join(', ')}`);
if (byTests.length > 0) print(`\n**by tests alone**: ${byTests.join(', ')}`);
const inWorlds = chosen.length - survivors - byTests.length;
print(
  `\n${inWorlds} of ${chosen.length} caught within ${values.worlds} worlds per profile, ${byTests.length} by tests`,
);
process.exit(survivors === 0 ? 0 : 1);
