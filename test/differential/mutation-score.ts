/**
 * How much the comparison can see: each breakage of a script, made by hand, must show as a difference within the budget.
 *
 *     npm run differential:mutants [-- name …]        (about three minutes)
 *
 * Works on a copy of the sources. Ends with 1 when a mutant survives.
 */

import { spawnSync } from 'node:child_process';
import { type Breakage, BrokenCopy } from '../support/broken-copy.js';
import { BID_MUTANTS } from './bid-mutants.js';
import { BOARD_SCRIPT_MUTANTS, BOARD_TESTS } from './board-mutants.js';
import { EPOCH_MUTANTS } from './epoch-mutants.js';
import { IDENTITY_MUTANTS } from './identity-mutants.js';
import { LEDGER_MUTANTS } from './ledger-mutants.js';
import { LOCK_MUTANTS } from './lock-mutants.js';
import { NOTE_MUTANTS } from './note-mutants.js';
import { PRUNE_MUTANTS } from './prune-mutants.js';
import { STANDBY_MUTANTS } from './standby-mutants.js';

const OPERATIONS = 40_000;
const SEEDS = [7, 8];
const PATIENCE_MS = 300_000;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What caught the mutant, as cells of the table, or undefined. */
function catchIn(copy: string): string | undefined {
  for (const seed of SEEDS) {
    const args = ['--until-difference', '--operations', String(OPERATIONS), '--seed', String(seed)];
    const command = ['--import', './scripts/typescript.mjs', 'test/differential/soak.ts', ...args];
    const options = { cwd: copy, encoding: 'utf8', timeout: PATIENCE_MS } as const;
    const { status, stdout, stderr } = spawnSync('node', command, options);
    const caught = /difference at operation (\d+), seed \d+, .*?: (.*)/.exec(stdout);
    if (caught !== null) return `${caught[1]} | ${seed} | ${caught[2]}`;
    // Out of time on a busy machine: nothing was seen so far.
    if (status === null) continue;
    // A script that no longer runs proves nothing about the comparison.
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? 'no output');
  }
  return undefined;
}

/** The board's script is no part of the campaign: it has a suite and a model of its own. */
function catchByTests(copy: string): string | undefined {
  const command = ['vitest', 'run', '--bail', '1', '--project', 'integration', ...BOARD_TESTS];
  const env = { ...process.env, NO_COLOR: '1' };
  const options = { cwd: copy, encoding: 'utf8', timeout: PATIENCE_MS, env } as const;
  const { status, stdout } = spawnSync('npx', command, options);
  if (status === 0) return undefined;
  const failed = /× (.*?)(?: \d+ms)?$/m.exec(stdout)?.[1];
  if (failed === undefined) throw new Error(stdout.trim().slice(-2_000));
  return ` | | ${failed.replaceAll('|', '/')}`;
}

function scoreOf(mutant: Breakage): (copy: string) => string | undefined {
  return BOARD_SCRIPT_MUTANTS.includes(mutant) ? catchByTests : catchIn;
}

const asked = process.argv.slice(2);
const copy = BrokenCopy.make();
let survivors = 0;
print('| breakage of a script | seen at operation | seed | difference |');
print('|---|---|---|---|');
try {
  for (const mutant of [
    ...LEDGER_MUTANTS,
    ...BID_MUTANTS,
    ...EPOCH_MUTANTS,
    ...IDENTITY_MUTANTS,
    ...NOTE_MUTANTS,
    ...LOCK_MUTANTS,
    ...PRUNE_MUTANTS,
    ...STANDBY_MUTANTS,
    ...BOARD_SCRIPT_MUTANTS,
  ].filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    const caught = await copy.whileBroken(mutant, () => scoreOf(mutant)(copy.root));
    if (caught === undefined) survivors += 1;
    print(`| ${mutant.name} | ${caught ?? '**survived** | | '} |`);
  }
} finally {
  copy.remove();
}
process.exit(survivors === 0 ? 0 : 1);
