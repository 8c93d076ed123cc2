import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BOARD_SCRIPT_MUTANTS } from '../differential/board-mutants.js';
import { EPOCH_MUTANTS } from '../differential/epoch-mutants.js';
import { IDENTITY_MUTANTS } from '../differential/identity-mutants.js';
import { LEDGER_MUTANTS } from '../differential/ledger-mutants.js';
import { LOCK_MUTANTS } from '../differential/lock-mutants.js';
import { NOTE_MUTANTS } from '../differential/note-mutants.js';
import { PRUNE_MUTANTS } from '../differential/prune-mutants.js';
import { BREAKAGES } from '../faults/torture/breakages.js';
import { BOARD_MUTANTS } from '../simulation/mutants/board-mutants.js';
import { MUTANTS } from '../simulation/mutants/mutants.js';
import type { Breakage } from '../support/broken-copy.js';

const SOURCES = fileURLToPath(new URL('../../libs/distributed-schedule/src/', import.meta.url));
const SCORES: Readonly<Record<string, readonly Breakage[]>> = {
  simulation: [...MUTANTS, ...BOARD_MUTANTS],
  'differential test': [
    ...LEDGER_MUTANTS,
    ...EPOCH_MUTANTS,
    ...PRUNE_MUTANTS,
    ...IDENTITY_MUTANTS,
    ...NOTE_MUTANTS,
    ...LOCK_MUTANTS,
    ...BOARD_SCRIPT_MUTANTS,
  ],
  torture: BREAKAGES,
};

/** The scores themselves take minutes and are not run on every change; that they still can be is seen here. */
describe('the breakages that score the proofs', () => {
  for (const [score, breakages] of Object.entries(SCORES)) {
    it(`still find their places in the sources: ${score}`, () => {
      const lost = breakages.filter(({ file, find }) => !readFileSync(SOURCES + file, 'utf8').includes(find));
      expect(lost.map(({ name }) => name)).toEqual([]);
    });

    it(`have names of their own: ${score}`, () => {
      const names = breakages.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    });
  }
});
