/** Breakages of what is told of runs that died with their instance, and of the ends that it rests on. */

import { AUDIT_TESTS, type Mutant } from './mutant.js';

const LOST = 'protocol/audit/lost-runs.ts';
const INQUIRIES = 'protocol/audit/run-inquiries.ts';

export const LOST_MUTANTS: readonly Mutant[] = [
  {
    name: 'a release brings no ends',
    profiles: ['normal'],
    file: 'protocol/bid/keep-ends.ts',
    find: 'return { ...lock, ...(ended && { ended }) };',
    replace: 'return lock;',
  },
  {
    name: 'what is followed under its lease leaves no end',
    profiles: ['normal'],
    file: 'protocol/run/run-tick.ts',
    find: 'if (chain.givenUp !== undefined || chain.isFollowed) parts.track(keepEnds(parts, chain.lease));',
    replace: 'chain.lease.claims?.takeEnds();',
  },
  {
    name: 'a claim that is given up leaves no end',
    profiles: ['seldom'],
    file: 'protocol/scheduler/scheduler.ts',
    find: 'const keeping = task && keepEndOfLeftBehind(this.own.runParts, report, task);',
    replace: 'const keeping = undefined;',
  },
  {
    name: 'what was open stays open when nodes forget',
    profiles: ['departures'],
    file: LOST,
    find: "return wasOpen === 'gone' ? { question: one, state: 'open' } : undefined;",
    replace: "return wasOpen === undefined ? undefined : { question: one, state: 'open' };",
  },
  {
    name: 'a verdict that is told before its handler returns leaves no end',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: 'protocol/run/attempts.ts',
    find: 'parts.track(keepEnds(parts, chain.lease));',
    replace: '',
  },
  {
    name: 'one node that misses an instance is enough',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: INQUIRIES,
    find: "if (count('gone') >= quorum) return 'gone';",
    replace: "if (count('gone') >= 1) return 'gone';",
  },
  {
    name: 'the ends that nodes keep are not looked at',
    profiles: ['normal'],
    file: INQUIRIES,
    find: "if (inquiries.some(({ ends }) => ends.ends.some(isMeant))) return 'ended';",
    replace: '',
  },
  {
    name: 'nobody is ever gone',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: INQUIRIES,
    find: "return count('gone', 'silent') >= quorum ? 'silent' : 'alive';",
    replace: "return 'alive';",
  },
  {
    name: 'a renewal is no sign of life',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: LOST,
    find: 'return (inquiry?.lockLeftMs ?? 0) > this.parts.options.leaseTtlMs - (nowMs - sinceMs);',
    replace: 'return false;',
  },
  {
    name: 'a missing instance is given no time to renew',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: LOST,
    find: 'const ripeMs = missing.sinceMs + this.patienceMs(standing);',
    replace: 'const ripeMs = missing.sinceMs;',
  },
  {
    name: 'a missing instance is given all the time',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: LOST,
    find: 'const ripeMs = missing.sinceMs + this.patienceMs(standing);',
    replace: 'const ripeMs = missing.sinceMs + 600_000;',
  },
  {
    name: 'one that is back is still missing',
    profiles: ['normal'],
    tests: [AUDIT_TESTS],
    file: LOST,
    find: 'for (const id of present) this.missing.delete(id);',
    replace: '',
  },
  {
    name: 'what was held is told without another look',
    profiles: ['normal', 'leases'],
    tests: [AUDIT_TESTS],
    file: 'protocol/audit/audit-teller.ts',
    find: 'areSo === undefined || areSo[index]',
    replace: 'true as boolean | undefined',
  },
];
