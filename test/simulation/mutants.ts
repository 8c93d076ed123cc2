// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the protocol, made by hand: each removes or weakens one rule that a promise rests on. */

import type { Breakage } from '../support/broken-copy.js';
import type { Profile } from './world/profile.js';

export interface Mutant extends Breakage {
  /** Where it should be seen, in this order. */
  readonly profiles: readonly Profile['name'][];
}

const LEDGER = 'memory/memory-node.ts';
const LOCKS = 'memory/memory-lock-table.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no floor after a loss of memory',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (claim.tick <= floor) return { kind: 'quarantined' };",
    replace: '',
  },
  {
    name: 'MARGIN 0',
    profiles: ['torture'],
    file: 'protocol/constants.ts',
    find: 'MARGIN_MS = 900',
    replace: 'MARGIN_MS = 0',
  },
  {
    name: 'no EARLY check',
    profiles: ['torture', 'normal'],
    file: LEDGER,
    find: "if (claim.tick > nowMs + EARLY_MS) return { kind: 'early' };",
    replace: '',
  },
  {
    name: 'the incarnation is not looked at',
    profiles: ['torture'],
    file: LEDGER,
    find: 'this.memory?.incarnation !== this.incarnation',
    replace: 'this.memory === undefined',
  },
  {
    name: 'quorum is half of the nodes',
    profiles: ['torture'],
    file: 'protocol/quorum.ts',
    find: 'Math.floor(nodes / 2) + 1',
    replace: 'Math.max(1, Math.floor(nodes / 2))',
  },
  {
    name: 'give-back without compare',
    profiles: ['torture'],
    file: LEDGER,
    find: 'if (entry?.tick !== tick || entry.claimId !== claimId) continue;',
    replace: 'if (entry === undefined) continue;',
  },
  {
    name: 'claim id derived from the tick',
    profiles: ['torture'],
    file: 'protocol/bid.ts',
    find: 'claimId: `${parts.instanceId}:${parts.random.id()}`',
    replace: 'claimId: `all:${tick}`',
  },
  {
    name: 'claim id shared by the attempts of an instance',
    profiles: ['torture'],
    file: 'protocol/bid.ts',
    find: 'claimId: `${parts.instanceId}:${parts.random.id()}`',
    replace: 'claimId: `${parts.instanceId}:always`',
  },
  {
    name: 'an older tick is granted',
    profiles: ['torture'],
    file: LEDGER,
    find: 'claim.tick <= entry.tick',
    replace: 'claim.tick === entry.tick',
  },
  {
    name: 'the node does not refuse late claims',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (claim.tick < nowMs - claim.maxLatenessMs) return { kind: 'late' };",
    replace: '',
  },
  {
    name: 'no idempotent re-grant',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (entry?.tick === claim.tick && entry.claimId === claim.claimId) return { kind: 'granted' };",
    replace: '',
  },
  {
    name: 'no give-back',
    profiles: ['liveness'],
    file: 'protocol/bid.ts',
    find: 'standing.length > 0 ? parts.ledger.giveBack(',
    replace: 'standing.length > 1_000 ? parts.ledger.giveBack(',
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
    name: 'trust anchored at the reply',
    profiles: ['normal'],
    file: 'protocol/bid.ts',
    find: 'new Lease(verdict.lock, due.tick, parts.clock, terms, attempt)',
    replace: 'new Lease(verdict.lock, due.tick, parts.clock, terms, readInstant(parts.clock))',
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
    name: 'a lock is released without compare',
    profiles: ['normal'],
    file: LOCKS,
    find: 'if (this.entries.get(task)?.value === value) this.entries.delete(task);',
    replace: 'this.entries.delete(task);',
  },
  {
    name: 'a lock is extended without compare',
    profiles: ['normal'],
    file: LOCKS,
    find: 'if (entry !== undefined && entry.value !== value) return false;',
    replace: '',
  },
  {
    name: 'cluster time is the fastest node’s',
    profiles: ['liveness'],
    file: 'protocol/cluster-clock.ts',
    find: 'return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;',
    replace: 'return sorted.at(-1) ?? 0;',
  },
  {
    name: 'the next tick is computed from now',
    profiles: ['normal'],
    file: 'protocol/task-book.ts',
    find: 'const successor = page.task.schedule.nextAfter(tick);',
    replace: 'const successor = page.task.schedule.nextAfter(nowMs);',
  },
  {
    name: 'a newer node set is ignored',
    profiles: ['normal'],
    file: 'protocol/contest.ts',
    find: 'parts.fence(verdict.reason);',
    replace: '',
  },
  {
    name: 'everybody is first in rank',
    profiles: ['liveness'],
    file: 'protocol/ranking.ts',
    find: 'let rank = 0;',
    replace: 'let rank = -members.length;',
  },
  {
    name: 'nobody takes over',
    profiles: ['liveness'],
    file: 'protocol/bid-plan.ts',
    find: 'return rank < LAST_RANK ? [rank * bidStaggerMs, ...rounds] : rounds;',
    replace: 'return [];',
  },
];
