/** Breakages of what becomes of runs that hang: what is told of them, and what follows those that are given up. */

import type { Mutant } from './mutant.js';

const ATTEMPTS = 'protocol/run/attempts.ts';
const RUN_TICK = 'protocol/run/run-tick.ts';
const STUCK_RUNS = 'protocol/audit/stuck-runs.ts';

export const HUNG_MUTANTS: readonly Mutant[] = [
  {
    name: 'a run that was given up is renewed',
    profiles: ['hung'],
    file: 'protocol/lease/lease.ts',
    find: 'this.isLetGo = true;',
    replace: 'this.isLetGo = false;',
  },
  {
    name: 'a run is given up without a word',
    profiles: ['hung'],
    file: ATTEMPTS,
    find: 'if (!told.isTold) tellEnd(parts, chain, now.due, last);',
    replace: "if (!told.isTold && last.outcome !== 'given_up') tellEnd(parts, chain, now.due, last);",
  },
  {
    name: 'who gives a run up does not abort it',
    profiles: ['hung'],
    file: 'protocol/run/run-limits.ts',
    find: "signal.abort('given_up',",
    replace: "if (giveUpAfterMs < 0) signal.abort('given_up',",
  },
  {
    name: 'the lock of a run that was given up is released at once',
    profiles: ['hung'],
    file: RUN_TICK,
    find: "return chain.givenUp === undefined ? 'over' : untilLeaseIsOver(parts, chain.lease, chain.givenUp);",
    replace: "return untilLeaseIsOver.length < 0 ? 'goes_on' : 'over';",
  },
  {
    name: 'what was given up is not closed',
    profiles: ['hung'],
    file: RUN_TICK,
    find: "await closeTicks(parts, chain, ending.outcome === 'aborted');",
    replace: "await closeTicks(parts, chain, ending.outcome === 'aborted' || chain.givenUp !== undefined);",
  },
  {
    name: 'what was given up runs again under its own token',
    profiles: ['hung'],
    file: RUN_TICK,
    find: 'const next = await nextTick(parts, chain);',
    replace: 'const next = chain.givenUp !== undefined ? start : await nextTick(parts, chain);',
  },
  {
    name: 'a run that was given up takes ticks on',
    profiles: ['hung'],
    file: 'protocol/run/run-chain.ts',
    find: 'const handed = this.startsMore && !isLost',
    replace: 'const handed = (this.startsMore || this.givenUp !== undefined) && !isLost',
  },
  {
    name: 'a run that hangs is told by nobody',
    profiles: ['hung'],
    file: STUCK_RUNS,
    find: "this.found({ ...finding, outcome: 'stuck' }, isFirst);",
    replace: 'if (isFirst && finding.ticks < 0) this.lookAtMs = nowMs;',
  },
  {
    name: 'a run is told as stuck after six seconds',
    profiles: ['hung'],
    file: STUCK_RUNS,
    find: 'const MIN_MS = 60_000;',
    replace: 'const MIN_MS = 6_000;',
  },
  {
    name: 'a late end is told by nobody',
    profiles: ['hung'],
    file: 'protocol/run/attempt.ts',
    find: 'if (open.told !== undefined) void atEnd.then(',
    replace: 'if (toldMs < 0) void atEnd.then(',
  },
  {
    name: 'what has timed out is told when its handler returns',
    profiles: ['hung'],
    file: ATTEMPTS,
    find: 'const mayBeRepeated = mayRepeat(',
    replace: 'const mayBeRepeated = attempt > 0 || mayRepeat(',
  },
  {
    name: 'what has timed out is told once more when its handler returns',
    profiles: ['hung'],
    file: ATTEMPTS,
    find: 'told.isTold = !mayBeRepeated;',
    replace: 'told.isTold = mayBeRepeated;',
  },
];
