/** Records that a test makes up, around one moment: machine clock 0 is epoch {@link EPOCH_MS}. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { RunLine, RunPhase } from '../../../../apps/demo/src/run-record.js';
import type { Facts, Incident, Life } from './incident.js';
import type { Evidence } from './row.js';

export const EPOCH_MS = 1_700_000_000_000;
const TRUST_MS = 2_960;
const LATE_MS = 2;

/** The tick of the given second. */
export function tickOf(second: number): number {
  return EPOCH_MS + second * 1_000;
}

export function line(phase: RunPhase, second: number, change: Partial<RunLine> = {}): RunLine {
  const tick = tickOf(second);
  const monotonicMs = second * 1_000 + LATE_MS;
  const replica = change.replica ?? 'A';
  return {
    ...{ phase, task: 'settle', tick, token: tick, replica, instanceId: `id-${replica}`, pid: 1 },
    ...{ startedMs: tick + LATE_MS, atMs: tick + LATE_MS, monotonicMs, trustedForMs: TRUST_MS },
    ...change,
  };
}

/** A short run, from start to end. */
export function run(second: number, change: Partial<RunLine> = {}): readonly RunLine[] {
  const start = line('start', second, change);
  return [start, { ...start, phase: 'end', monotonicMs: start.monotonicMs + 20 }];
}

export function word(replica: string, second: number, said: string, detail = ''): OutcomeLine {
  return { replica, monotonicMs: second * 1_000, task: 'settle', tick: tickOf(second), said, detail };
}

export function life(replica: string, change: Partial<Life> = {}): Life {
  const { fromMs = -60_000, toMs = Number.POSITIVE_INFINITY, goneMs = toMs, isGraceful = false } = change;
  return { replica, instanceId: `id-${replica}`, fromMs, toMs, goneMs, isGraceful };
}

export function incident(
  fault: string,
  struckMs: number,
  healedMs: number,
  change: Partial<Incident> = {},
): Incident {
  return { fault, moment: 'random', target: '', struckMs, healedMs, evidence: 'seen', effect: {}, ...change };
}

/** Ten seconds of three replicas and three masters to which nothing happened. */
export function evidenceOf(
  lines: readonly RunLine[],
  facts: Partial<Facts> = {},
  outcomes: readonly OutcomeLine[] = [],
): Evidence {
  const lives = ['A', 'B', 'C'].map((name) => life(name));
  const quiet = { nodes: 3, epochOffsetMs: EPOCH_MS, incidents: [], lives, starvation: [], silences: [] };
  const span = { firstTick: tickOf(0), lastTick: tickOf(9) };
  return { facts: { ...quiet, ...facts }, lines, outcomes, tasks: ['settle'], ...span };
}

/** A run at each of the ten seconds but these. */
export function allBut(...missed: readonly number[]): readonly RunLine[] {
  const seconds = Array.from({ length: 10 }, (_, second) => second).filter((one) => !missed.includes(one));
  return seconds.flatMap((second) => run(second));
}
