/** A breakage of the protocol, made by hand: it removes or weakens one rule that a promise rests on. */

import type { Breakage } from '../../support/broken-copy.js';
import type { Profile } from '../world/profile.js';

export interface Mutant extends Breakage {
  /** Where it should be seen, in this order. */
  readonly profiles: readonly (Profile['name'] | 'overload')[];
  /** Where those of the score have no world that shows it. */
  readonly seed?: number;
  /** Tests and folders of tests, below test/, that see it where no world does. */
  readonly tests?: readonly string[];
}

export const NODE_SUITE = 'conformance/voting-node.memory.test.ts';
export const ELECTORATE_TESTS = 'unit/protocol/electorate';

export const LEDGER = 'memory/memory-ledger.ts';
export const REFUSAL = 'memory/ledger-memory.ts';
export const LOCKS = 'memory/memory-lock-table.ts';
export const AUDIT_TESTS = 'unit/protocol/audit';
