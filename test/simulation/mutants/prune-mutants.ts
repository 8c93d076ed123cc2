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
    name: 'nobody is told what may have gone',
    profiles: ['pruning'],
    file: 'memory/memory-ledger.ts',
    find: 'const prunedUpTo = entry === undefined ? prunedUpToOf(task, memory) : 0;',
    replace: 'const prunedUpTo = 0;',
    // Ticks that have run are bid for again, and refused: nothing doubles, and the audit takes them for missed.
  },
  {
    name: 'the floor of lines that have gone is neither told nor kept to',
    profiles: ['pruning'],
    file: 'memory/memory-ledger.ts',
    find: 'return mayBeForgotten(task) ? prunedUpTo : 0;',
    replace: 'return mayBeForgotten(task) ? Math.min(0, prunedUpTo) : 0;',
  },
];
