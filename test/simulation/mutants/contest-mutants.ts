/** Breakages of clock, schedule and rank: ticks may then be lost, early, or cost too much. */

import type { Mutant } from './mutant.js';

export const CONTEST_MUTANTS: readonly Mutant[] = [
  {
    name: 'cluster time is the fastest node’s',
    profiles: ['liveness'],
    file: 'protocol/time/cluster-clock.ts',
    find: 'return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;',
    replace: 'return sorted.at(-1) ?? 0;',
  },
  {
    name: 'the next tick is computed from now',
    profiles: ['normal'],
    file: 'protocol/scheduler/task-book.ts',
    find: 'const successor = this.nextOf(page, tick, nowMs);',
    replace: 'const successor = this.nextOf(page, nowMs, nowMs);',
  },
  {
    name: 'after a pause the timer is armed from now',
    profiles: ['normal'],
    file: 'protocol/scheduler/task-book.ts',
    find: 'this.arm(page, isFarBack ? this.nextOf(page, nowMs - MISSED_SPAN_MS, nowMs) : successor);',
    replace: 'this.arm(page, isFarBack ? successor : this.nextOf(page, Math.max(tick, nowMs), nowMs));',
  },
  {
    name: 'everybody is first in rank',
    profiles: ['liveness'],
    file: 'protocol/members/ranking.ts',
    find: '  return rank;',
    replace: '  return 0 * rank;',
  },
  {
    name: 'nobody takes over',
    profiles: ['liveness'],
    file: 'protocol/bid/bid-plan.ts',
    find: 'return rank < LAST_RANK ? [rank * bidStaggerMs, ...rounds] : rounds;',
    replace: 'return [];',
  },
  {
    name: 'the loop ends silently',
    profiles: ['normal'],
    file: 'protocol/scheduler/scheduler-loop.ts',
    find: 'while (!stopped.aborted) {',
    replace: 'for (let turn = 0; turn < 60 && !stopped.aborted; turn += 1) {',
  },
  {
    name: 'a stopped instance goes on bidding',
    profiles: ['normal'],
    file: 'protocol/scheduler/scheduler.ts',
    find: "this.state = 'stopping';\n    this.stopping.abort();",
    replace: "this.state = 'stopping';",
  },
];
