/** Breakages of lock and lease: two runs may then overlap, or a run is not told that its trust has ended. */

import { LOCKS, type Mutant } from './mutant.js';

export const LEASE_MUTANTS: readonly Mutant[] = [
  {
    name: 'trust anchored at the reply',
    profiles: ['normal'],
    file: 'protocol/bid.ts',
    find: 'new Lease(verdict.lock, due.tick, parts.clock, terms, attempt)',
    replace: 'new Lease(verdict.lock, due.tick, parts.clock, terms, readInstant(parts.clock))',
  },
  {
    name: 'a renewal is anchored at its reply',
    profiles: ['normal'],
    file: 'protocol/keep-lease.ts',
    find: 'if (lease.renewedFrom(attempt)) {',
    replace: 'if (lease.renewedFrom(readInstant(this.parts.clock))) {',
  },
  {
    name: 'no answer counts as a renewal',
    profiles: ['normal'],
    file: 'protocol/keep-lease.ts',
    find: "case 'no_quorum':\n        return false;",
    replace: "case 'no_quorum':\n        lease.renewedFrom(attempt);\n        return false;",
  },
  {
    name: 'the wall clock is not asked',
    profiles: ['normal'],
    file: 'protocol/lease.ts',
    find: 'Math.max(now.monotonicMs - this.attempt.monotonicMs, now.wallMs - this.attempt.wallMs)',
    replace: 'now.monotonicMs - this.attempt.monotonicMs',
  },
  {
    name: 'a late renewal revives a lease',
    profiles: ['normal'],
    file: 'protocol/lease.ts',
    find: 'if (!this.isTrusted()) return false;',
    replace: '',
  },
  {
    name: 'the end of trust is not watched',
    profiles: ['normal'],
    file: 'protocol/keep-lease.ts',
    find: "this.lose(lease, 'no renewal succeeded in time');",
    replace: '',
  },
  {
    name: 'no look at the clock before the start',
    profiles: ['normal'],
    file: 'protocol/run-tick.ts',
    find: 'if (lateMs > due.maxLatenessMs) {',
    replace: 'if (lateMs > 1e9) {',
  },
  {
    name: 'no look at the lease before the start',
    profiles: ['normal'],
    file: 'protocol/run-tick.ts',
    find: "if (!lease.isTrusted()) return { outcome: 'no_quorum'",
    replace: "if (lease.remainingMs() < 0) return { outcome: 'no_quorum'",
  },
  {
    name: 'a lock is released without compare',
    profiles: ['normal'],
    file: LOCKS,
    find: 'return this.live(task, this.clock.wallMs())?.value === value && this.entries.delete(task);',
    replace: 'return value !== undefined && this.entries.delete(task);',
  },
  {
    name: 'a lock is extended without compare',
    profiles: ['normal'],
    file: LOCKS,
    find: '} else if (entry.value !== value) {',
    replace: "} else if (value === '') {",
  },
  {
    name: 'an expired lock is extended',
    profiles: ['normal'],
    file: LOCKS,
    find: "if (nowMs >= sinceMs + ttlMs) return 'lost';",
    replace: '',
  },
  {
    name: 'no quarantine of locks after a loss of memory',
    profiles: ['normal'],
    file: LOCKS,
    find: "if (entry === undefined && nowMs < sinceMs + ttlMs) return { kind: 'quarantined' };",
    replace: '',
  },
  {
    name: 'a lock request has no deadline at the node',
    profiles: ['normal'],
    file: LOCKS,
    find: 'return deadlineMs !== UNKNOWN_DEADLINE && nowMs > deadlineMs;',
    replace: 'return deadlineMs < 0 && nowMs > deadlineMs;',
  },
  {
    name: 'a lost presence is not heard',
    profiles: ['normal'],
    file: 'protocol/keep-lease.ts',
    find: 'this.presenceLost = readInstant(this.parts.clock);\n    for (const',
    replace:
      'this.presenceLost = readInstant(this.parts.clock);\n    if (this.parts.leaseTtlMs > 0) return;\n    for (const',
  },
  {
    name: 'a lost presence between lock and run is forgotten',
    profiles: ['normal'],
    file: 'protocol/run-tick.ts',
    find: 'parts.keeper.doubtIfPresenceLost(lease);',
    replace: '',
  },
  {
    name: 'a renewal from before the loss of presence ends the doubt',
    profiles: ['normal'],
    file: 'protocol/lease.ts',
    find: 'if (this.doubt !== undefined && attempt.monotonicMs >= this.doubt.monotonicMs) this.doubt = undefined;',
    replace: 'this.doubt = undefined;',
  },
];
