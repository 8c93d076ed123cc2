/** What a simulated week has to do: its expressions, when they are due by the reference parser, and its faults. */

import { SeededRandom } from '#src/testing/seeded-random.js';
import { type Draw, drawFrom, randomExpression, ZONES } from '../../support/cron/random-expression.js';
import { referenceTicks } from '../../support/cron/reference-ticks.js';

/** Clocks go on in Europe on the first day, and back in Australia and New Zealand on the last. */
export const WEEK_START_MS = Date.UTC(2030, 2, 31);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const ZONES_USED = 20;

/** One expression may not have most of the ticks. */
const MAX_TICKS_A_DAY = 40;
/** With a shorter gap a tick would be late before another instance has taken it over. */
const MIN_GAP_MS = 30_000;

const MAX_BETWEEN_FAULTS_MS = 40 * MINUTE_MS;
/** A fault begins so long after the last tick before it and before the next one, when nothing is claimed that could be lost. */
const QUIET_BEFORE_MS = 5_000;
const QUIET_AFTER_MS = 1_000;

export interface WeekTask {
  readonly name: string;
  readonly cronTime: string;
  readonly timeZone: string;
  /** By the reference parser, epoch ms. */
  readonly ticks: readonly number[];
}

export type WeekFault = {
  readonly atMs: number;
  readonly durationMs: number;
} & (
  | { readonly kind: 'pause' | 'crash' | 'partition'; readonly instance: number }
  | { readonly kind: 'server pause' | 'server down' | 'server loses its memory'; readonly server: number }
);

export interface WeekPlan {
  readonly seed: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly tasks: readonly WeekTask[];
  readonly faults: readonly WeekFault[];
}

export interface WeekSize {
  readonly seed: number;
  readonly tasks: number;
  readonly days: number;
  readonly instances: number;
  readonly servers: number;
}

export function drawWeek({ seed, tasks: count, days, instances, servers }: WeekSize): WeekPlan {
  const draw = drawFrom(new SeededRandom(seed));
  // The last days of the week, so that a short one has clocks that are turned as well.
  const endMs = WEEK_START_MS + 7 * DAY_MS;
  const startMs = endMs - days * DAY_MS;
  const zones = drawZones(draw);
  const tasks: WeekTask[] = [];
  while (tasks.length < count) {
    const task = drawTask(draw, tasks.length, zones, { startMs, endMs, days });
    if (task !== undefined) tasks.push(task);
  }
  const due = [...new Set(tasks.flatMap(({ ticks }) => ticks))].sort((a, b) => a - b);
  return {
    seed,
    startMs,
    endMs,
    tasks,
    faults: drawFaults(draw, due, { startMs, endMs, instances, servers }),
  };
}

/** Those whose clocks are turned in this week are always among them. */
function drawZones(draw: Draw): readonly string[] {
  const zones = new Set<string>([
    'Australia/Lord_Howe',
    'Pacific/Chatham',
    'Europe/Vienna',
    'Asia/Kolkata',
    'Pacific/Apia',
  ]);
  while (zones.size < ZONES_USED) zones.add(draw.one(ZONES));
  return [...zones];
}

function drawTask(
  draw: Draw,
  index: number,
  zones: readonly string[],
  { startMs, endMs, days }: { startMs: number; endMs: number; days: number },
): WeekTask | undefined {
  const cronTime = randomExpression(draw);
  const timeZone = zones[index % zones.length] ?? 'UTC';
  const ticks = referenceTicks(cronTime, timeZone, startMs, endMs, MAX_TICKS_A_DAY * days);
  if (ticks === undefined || ticks.length === 0) return undefined;
  const isTooFast = ticks.some((tick, place) => tick - (ticks[place - 1] ?? 0) < MIN_GAP_MS);
  if (isTooFast) return undefined;
  return { name: `${index}: ${cronTime} ${timeZone}`, cronTime, timeZone, ticks };
}

interface FaultFrame {
  readonly startMs: number;
  readonly endMs: number;
  readonly instances: number;
  readonly servers: number;
}

function drawFaults(draw: Draw, due: readonly number[], frame: FaultFrame): readonly WeekFault[] {
  const faults: WeekFault[] = [];
  let atMs = frame.startMs + MINUTE_MS;
  while (atMs < frame.endMs) {
    const quietMs = quietFrom(due, atMs);
    // Longer than the way to the next tick more often than not.
    const durationMs = draw.whole(2_000, 40_000);
    faults.push({ atMs: quietMs, durationMs, ...drawFault(draw, frame) });
    // One at a time, so that a majority of nodes and four instances are always there.
    atMs = quietMs + durationMs + draw.whole(10_000, MAX_BETWEEN_FAULTS_MS);
  }
  return faults;
}

type Struck = WeekFault extends infer F
  ? F extends WeekFault
    ? Omit<F, 'atMs' | 'durationMs'>
    : never
  : never;

function drawFault(draw: Draw, { instances, servers }: FaultFrame): Struck {
  const instance = draw.whole(0, instances - 1);
  const server = draw.whole(0, servers - 1);
  return draw.one<Struck>([
    { kind: 'pause', instance },
    { kind: 'crash', instance },
    { kind: 'partition', instance },
    { kind: 'server pause', server },
    { kind: 'server down', server },
    { kind: 'server loses its memory', server },
  ]);
}

/** The first moment from then on that is well after one tick and before the next. */
function quietFrom(due: readonly number[], fromMs: number): number {
  let atMs = fromMs;
  for (const tick of due) {
    if (tick < atMs - QUIET_BEFORE_MS) continue;
    if (tick > atMs + QUIET_AFTER_MS) break;
    atMs = tick + QUIET_BEFORE_MS + 1;
  }
  return atMs;
}
