/** Runs SPIN on a model: `spin -a` writes a verifier in C, gcc makes it a program, the program searches all states. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '../support/leftovers.js';
import type { Configuration } from './configuration.js';

export interface Finding {
  readonly errors: number;
  /** Every state was visited. Without it, "no error" means nothing. */
  readonly isComplete: boolean;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly seconds: number;
  readonly megabytes: number;
  /** The assertion, and the history that leads to it; empty where none failed. */
  readonly violation: string;
  readonly story: string;
  /** Lines of the model that no run got to, without the ends of the endless loops. */
  readonly unreached: readonly string[];
}

const MEMORY_LIMIT_MB = 6_000;
/** What a search may need. A verifier writes over all of its 350 MB before it looks at the first state. */
const LARGE = ['-m5000000', '-w24'];
/** Enough for nearly all small worlds, in a fifth of the time. */
const SMALL = ['-m250000', '-w20'];
const MAX_MS = 900_000;
const MAX_OUTPUT = 64 * 1024 * 1024;
const STORY_LINES = 60;

/**
 * - SAFETY: assertions only; nothing here is about progress.
 * - NOREDUCE: all steps share the same variables, so looking for independent ones only costs time.
 * Short searches are not worth an optimised verifier.
 * - COLLAPSE (all but tick.pml): states of the wider models are kept in less memory, all of them.
 * Never BITSTATE or hash compaction: they would leave states out without saying so.
 */
const GCC_FLAGS = ['-w', '-DSAFETY', '-DNOREDUCE', `-DMEMLIM=${MEMORY_LIMIT_MB}`];

/** The tools that are not there, or of no use: a compiler can lack the headers that a verifier includes. */
export function missingTools(): readonly string[] {
  const folder = temporaryFolder('tick-model');
  try {
    writeFileSync(join(folder, 'probe.c'), '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n');
    const works = (tool: string, ...args: string[]): boolean =>
      spawnSync(tool, args, { cwd: folder }).status === 0;
    return [
      ...(works('spin', '-V') ? [] : ['spin']),
      ...(works('gcc', '-o', 'probe', 'probe.c') ? [] : ['gcc with the headers of the C library']),
    ];
  } finally {
    removeFolder(folder);
  }
}

export const HOW_TO_INSTALL =
  'on Debian and Ubuntu `apt-get install spin gcc libc6-dev`, else from https://spinroot.com (version 6.5)';

export function verify({
  model,
  defines,
  isQuick,
}: Pick<Configuration, 'model' | 'defines' | 'isQuick'>): Finding {
  const file = `${model}.pml`;
  const memory = model === 'tick' ? [] : ['-DCOLLAPSE'];
  const folder = temporaryFolder('tick-model');
  try {
    copyFileSync(join(import.meta.dirname, file), join(folder, file));
    const flags = defines.split(' ').map((define) => `-D${define}`);
    run(folder, 'spin', ['-a', ...flags, file]);
    run(folder, 'gcc', [isQuick ? '-O0' : '-O2', ...GCC_FLAGS, ...memory, '-o', 'pan', 'pan.c']);
    const search = (limits: readonly string[]): Finding => readFinding(run(folder, './pan', limits));
    const small = isQuick ? search(SMALL) : undefined;
    // A search that was cut short shows nothing, unless it has found an error.
    const isShown = small !== undefined && (small.isComplete || small.errors > 0);
    const finding = isShown ? small : search(LARGE);
    if (finding.errors === 0) return finding;
    // The model tells its story itself; `-p` would add every statement of it.
    return { ...finding, story: lastLines(run(folder, 'spin', ['-t', '-T', ...flags, file])) };
  } finally {
    removeFolder(folder);
  }
}

function run(cwd: string, command: string, args: readonly string[]): string {
  const options = { cwd, encoding: 'utf8', timeout: MAX_MS, maxBuffer: MAX_OUTPUT } as const;
  const { stdout, stderr, error, status, signal } = spawnSync(command, args, options);
  // A search that runs out of memory, and a replay that ends in a failed assertion, may have any exit code.
  if (error !== undefined || (status !== 0 && (command === 'spin' ? args[0] === '-a' : command === 'gcc'))) {
    throw new Error(`${command} ${args.join(' ')}: ${error ?? signal ?? status}\n${stdout}${stderr}`);
  }
  return `${stdout}${stderr}`;
}

export function readFinding(output: string): Finding {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const errors = number(/errors: (\d+)/);
  const isCutShort = /not completed|max search depth too small|truncated|out of memory|reached -DMEMLIM/i;
  if (Number.isNaN(errors)) throw new Error(`the verifier ended without a result:\n${output}`);
  return {
    errors,
    isComplete: errors === 0 && !isCutShort.test(output),
    states: number(/([\d.e+]+) states, stored/),
    transitions: number(/([\d.e+]+) transitions/),
    depth: number(/depth reached (\d+)/),
    seconds: number(/elapsed time ([\d.e+-]+) seconds/),
    megabytes: number(/([\d.]+)\s+total actual memory usage/),
    violation: /pan:\d+: (.*)/.exec(output)?.[1] ?? '',
    story: '',
    unreached: [...output.matchAll(/^\s+\w+\.pml:\d+, state \d+, .*$/gm)]
      .map(([line]) => line.trim())
      .filter((line) => !line.endsWith('"-end-"'))
      .map((line) => line.replace(/, ".*/, '')),
  };
}

/** What the model printed, without the state that SPIN adds at the end. */
function lastLines(replay: string): string {
  const [story = ''] = replay.split(/^spin: (?!.*assertion violated)|^\t\t\w+(?:\[\d+\])?(?:\.\w+)? = /m);
  return story.trimEnd().split('\n').slice(-STORY_LINES).join('\n');
}
