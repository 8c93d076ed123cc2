/** Runs whose lease had ended when their handler began. Pure. */

import { type BrokenPromise, broken } from './broken-promises.js';
import type { Facts, Span } from './incident.js';
import { Outages } from './outages.js';
import type { Run } from './runs.js';
import { Starved } from './starved.js';

/** What keeps a process from its next line ends, or is felt, shortly before that line. */
const AROUND_MS = 150;

export interface StaleStarts {
  /**
   * The process was kept from running between the scheduler's last look and the handler's first line, which nothing can
   * prevent. It is what fencing tokens are for, so it is counted and breaks no promise.
   */
  readonly excused: number;
  /** Nothing had happened to that very replica: the scheduler did not look. */
  readonly broken: readonly BrokenPromise[];
}

export function staleStarts(runs: readonly Run[], facts: Facts): StaleStarts {
  const outages = new Outages(facts);
  const stale = runs.filter(({ isTrustedAtStart }) => !isTrustedAtStart);
  const unexcused = stale.filter((run) => !isExcused(run, facts, outages));
  return {
    excused: stale.length - unexcused.length,
    broken: unexcused.map((run) =>
      broken('start without trust', run, `${run.replica} started without trust, though nothing had kept it`),
    ),
  };
}

/** A stall, a cut, a step of its clock, or a wait for a processor, of that replica and around that start. */
function isExcused({ replica, startMs }: Run, facts: Facts, outages: Outages): boolean {
  const around: Span = { fromMs: startMs - AROUND_MS, toMs: startMs };
  return (
    outages.whatHit(replica, around) !== undefined ||
    outages.hasWrongClock(replica, around) ||
    Starved.in(facts, around).has(replica)
  );
}
