/** What must not be in any record, whatever was done to the cluster. Pure. */

import type { Facts } from './incident.js';
import type { Run } from './runs.js';

export interface BrokenPromise {
  readonly kind:
    | 'doubled'
    | 'overlap under trust'
    | 'token not growing'
    | 'start without trust'
    | 'no recovery';
  readonly task: string;
  readonly tick: number;
  /** When it became visible, machine monotonic ms. */
  readonly atMs: number;
  readonly text: string;
}

/** Ticks that were started more than once; the second start and every later one is named. */
export function doubledTicks(runs: readonly Run[]): readonly BrokenPromise[] {
  const first = new Map<string, Run>();
  return runs.flatMap((run): BrokenPromise[] => {
    const key = `${run.task} ${run.tick}`;
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, run);
      return [];
    }
    const text = `started by ${before.replica}, and ${since(before, run)} ms later by ${run.replica}`;
    return [broken('doubled', run, text)];
  });
}

/**
 * Run A overlaps run B of the same task under trust if A started before B, B's lease was trusted when it started, and
 * A wrote after that moment that its own was trusted too. A reads the clock first and its trust afterwards, so such a
 * line proves the overlap; there is no tolerance.
 */
export function overlapsUnderTrust(runs: readonly Run[]): readonly BrokenPromise[] {
  return byTask(runs).flatMap((ofTask) =>
    ofTask.flatMap((run, index) =>
      ofTask
        .slice(0, index)
        .filter((before) => before.tick !== run.tick)
        .filter((before) => run.isTrustedAtStart && before.trustedAtMs > run.startMs)
        .map((before) => {
          const longMs = Math.round(before.trustedAtMs - run.startMs);
          const text = `${run.replica} started while ${before.replica} ran tick ${before.tick}, trusted for ${longMs} ms more`;
          return broken('overlap under trust', run, text);
        }),
    ),
  );
}

/**
 * Starts, in the order of the clock, whose token is not above that of the start before. A doubled tick is named
 * elsewhere. Starts without trust do not count: see stale-starts.ts.
 */
export function tokensNotGrowing(runs: readonly Run[]): readonly BrokenPromise[] {
  const trusted = runs.filter(({ isTrustedAtStart }) => isTrustedAtStart);
  return byTask(trusted).flatMap((ofTask) => {
    let highest = Number.NEGATIVE_INFINITY;
    return ofTask.flatMap((run): BrokenPromise[] => {
      const isLower = run.token < highest;
      const text = `${run.replica} started with token ${run.token} after ${highest}`;
      highest = Math.max(highest, run.token);
      return isLower ? [broken('token not growing', run, text)] : [];
    });
  });
}

/** Everything was healed, and for a long time no tick ran. */
export function missingRecoveries(
  { silences, epochOffsetMs }: Facts,
  task: string,
): readonly BrokenPromise[] {
  return silences.map(({ fromMs, toMs }) => {
    const text = `no run within ${Math.round(toMs - fromMs)} ms of calm`;
    return { kind: 'no recovery', task, tick: Math.floor(toMs + epochOffsetMs), atMs: toMs, text };
  });
}

function byTask(runs: readonly Run[]): readonly (readonly Run[])[] {
  return [...new Set(runs.map(({ task }) => task))].map((name) => runs.filter(({ task }) => task === name));
}

export function broken(kind: BrokenPromise['kind'], run: Run, text: string): BrokenPromise {
  return { kind, task: run.task, tick: run.tick, atMs: run.startMs, text };
}

function since(before: Run, run: Run): number {
  return Math.round(run.startMs - before.startMs);
}
