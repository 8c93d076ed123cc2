/** How much the torture can see: every breakage, on a copy of the sources, with the same command. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type Breakage, BrokenCopy } from '../../support/broken-copy.js';
import type { TortureSettings } from './terms.js';

interface Row {
  readonly doubled: number;
  readonly contestedTicks: string;
  readonly losses: string;
  readonly seconds: string;
  /** Why the run proves nothing, if it does not. */
  readonly void: string;
}

/** Prints a table and answers whether every breakage was caught; a run in which too little happened has caught nothing. */
export async function scoreOf(
  breakages: readonly Breakage[],
  settings: TortureSettings,
  print: (line: string) => void,
): Promise<boolean> {
  const copy = BrokenCopy.make();
  let isComplete = true;
  print('| breakage | doubled | contested ticks | losses | seconds | caught |');
  print('|---|---|---|---|---|---|');
  try {
    for (const breakage of breakages) {
      const row = await copy.whileBroken(breakage, () => tortureBroken(copy.root, settings));
      const isCaught = row.doubled > 0;
      isComplete &&= isCaught;
      const cells = [breakage.name, row.doubled, row.contestedTicks, row.losses, row.seconds];
      print(`| ${cells.join(' | ')} | ${isCaught ? 'yes' : row.void || '**survived**'} |`);
    }
  } finally {
    copy.remove();
  }
  return isComplete;
}

/** Runs the command in a broken copy until it doubles a tick. */
export async function tortureBroken(root: string, settings: TortureSettings): Promise<Row> {
  const { contestedTicks, losses, mostMs, seed } = settings;
  const args = [
    ...['--ticks', String(contestedTicks), '--losses', String(losses)],
    ...['--seconds', String(mostMs / 1_000), '--seed', String(seed), '--until-doubled'],
  ];
  const command = ['--import', './scripts/typescript.mjs', 'test/faults/torture/torture.ts', ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const [, , contested, lost, , seconds, doubled] =
    output
      .split('\n')
      .find((line) => /^\| \d/.test(line))
      ?.split('|') ?? [];
  if (doubled === undefined) throw new Error(`the torture gave no result:\n${output}`);
  return {
    doubled: Number(doubled),
    contestedTicks: contested?.trim() ?? '',
    losses: String(Number.parseInt(lost ?? '', 10)),
    seconds: seconds?.trim() ?? '',
    void: /^void: .*/m.exec(output)?.[0] ?? '',
  };
}
