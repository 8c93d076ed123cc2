/** Breakages of what a node knows of lines that it has forgotten on purpose. */

import type { Mutant } from './mutant.js';

export const PRUNE_MUTANTS: readonly Mutant[] = [
  {
    name: 'old lines go without a floor that stands for them',
    profiles: ['pruning'],
    file: 'memory/memory-prune.ts',
    find: 'memory.prunedUpTo = Math.max(memory.prunedUpTo, upTo);',
    replace: '',
  },
  {
    name: 'the floor of lines that have gone is neither told nor kept to',
    profiles: ['pruning'],
    file: 'memory/memory-ledger.ts',
    find: 'return mayBePruned(task) ? prunedUpTo : 0;',
    replace: 'return mayBePruned(task) ? Math.min(0, prunedUpTo) : 0;',
  },
];
