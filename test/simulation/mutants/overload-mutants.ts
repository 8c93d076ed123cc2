/** Breakages of what keeps a cluster working while its processor is short. Seen in worlds of overload alone. */

import type { Mutant } from './mutant.js';

const CONTEST = 'protocol/contest/contest.ts';
const CONTESTED = 'protocol/contest/contested-tick.ts';
const ADMISSION = 'protocol/bid/admission.ts';
const MISSED = 'protocol/audit/missed-ticks.ts';

export const OVERLOAD_MUTANTS: readonly Mutant[] = [
  {
    name: 'an instance that wakes late bids for all ticks',
    profiles: ['overload'],
    file: CONTEST,
    find: 'return load.isBehind && !stopped.aborted && (rank > 1 || (rank === 1 && !isFirst));',
    replace: 'return load.isBehind && stopped.aborted && rank > 1 && isFirst;',
  },
  {
    name: 'bids that come back too late set no limit',
    profiles: ['overload'],
    file: ADMISSION,
    find: 'if (late > 0)',
    replace: 'if (late > bids)',
  },
  {
    name: 'what another bid could not start in time is bid for',
    profiles: ['overload'],
    file: CONTESTED,
    find: 'nowMs + tookMs > due.tick + due.maxLatenessMs',
    replace: 'nowMs - tookMs > due.tick + due.maxLatenessMs',
  },
  {
    name: 'bids go out ahead of the answers to the last ones',
    profiles: ['overload'],
    file: 'protocol/bid/open-claims.ts',
    find: "return admission.isLimited ? 'all' : 'majority';",
    replace: "return admission.isLimited ? 'majority' : 'majority';",
  },
  {
    name: 'an instance that is behind looks after the ticks of all',
    profiles: ['overload'],
    file: MISSED,
    find: 'if (!load.isBehind || directory === undefined || this.turns.isMine(missOf(watched))) return false;',
    replace:
      'if (load.isBehind || directory === undefined || this.turns.isMine(missOf(watched))) return false;',
  },
  {
    name: 'an instance that is behind looks back as often as ever',
    profiles: ['overload'],
    file: MISSED,
    find: 'this.lookedAtMs + PAUSE_BEHIND_MS : Number.NEGATIVE_INFINITY',
    replace: 'this.lookedAtMs : Number.NEGATIVE_INFINITY',
  },
  {
    name: 'a majority that answers late is not waited for',
    profiles: ['overload'],
    file: 'protocol/time/call-patience.ts',
    find: 'return Math.min(Math.max(neededMs, leastMs), Math.max(mostMs, leastMs));',
    replace: 'return Math.min(Math.max(neededMs, leastMs), leastMs, mostMs);',
  },
];
