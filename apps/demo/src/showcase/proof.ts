import { existsSync, readFileSync } from 'node:fs';
import type { RunLine } from '../run-record.js';
import type { MissReason } from './missed-tick.js';

const SECOND_MS = 1_000;

/** The ticks that somebody ought to have run: every second from the first to the last, of every task. */
export interface DueTicks {
  readonly tasks: readonly string[];
  readonly firstTick: number;
  readonly lastTick: number;
}

export interface DoubledTick extends Pick<RunLine, 'task' | 'tick'> {
  readonly replicas: readonly string[];
}

export interface Proof {
  readonly due: number;
  readonly runs: number;
  /** More than one start of one tick, also of ticks before the first or after the last due one. */
  readonly doubled: readonly DoubledTick[];
  readonly missed: readonly (MissReason & Pick<RunLine, 'task' | 'tick'>)[];
  /** In ms: start of the handler minus its tick, by this machine's clock. */
  readonly lateness: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly latest: RunLine | undefined;
}

/** Every line of the record files. The end of a line that a kill cut off is no run that started. */
export function readRunLines(files: readonly string[]): RunLine[] {
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((text) => text.endsWith('}'))
    .map((text) => JSON.parse(text) as RunLine);
}

export function prove(
  lines: readonly RunLine[],
  due: DueTicks,
  explain: (task: string, tick: number) => MissReason,
): Proof {
  const startsByTick = groupStarts(lines);
  const dueTicks = listDueTicks(due);
  const ran = dueTicks.flatMap(({ task, tick }) => startsByTick.get(keyOf(task, tick)) ?? []);
  return {
    due: dueTicks.length,
    runs: ran.length,
    doubled: [...startsByTick.values()].flatMap(asDoubled),
    missed: dueTicks
      .filter(({ task, tick }) => !startsByTick.has(keyOf(task, tick)))
      .map(({ task, tick }) => ({ task, tick, ...explain(task, tick) })),
    lateness: quantiles(ran.map(latenessOf)),
    latest: ran.toSorted((a, b) => latenessOf(b) - latenessOf(a))[0],
  };
}

/** Once or not at all, and whatever was not at all has its reason. */
export function isSound(proof: Proof): boolean {
  return proof.runs > 0 && proof.doubled.length === 0 && proof.missed.every((missed) => missed.explained);
}

function groupStarts(lines: readonly RunLine[]): Map<string, RunLine[]> {
  const groups = new Map<string, RunLine[]>();
  for (const each of lines.filter(({ phase }) => phase === 'start')) {
    const key = keyOf(each.task, each.tick);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}

function listDueTicks({ tasks, firstTick, lastTick }: DueTicks): { task: string; tick: number }[] {
  const seconds = Math.max(0, Math.floor((lastTick - firstTick) / SECOND_MS) + 1);
  return Array.from({ length: seconds }, (_, index) => firstTick + index * SECOND_MS).flatMap((tick) =>
    tasks.map((task) => ({ task, tick })),
  );
}

function asDoubled(starts: readonly RunLine[]): DoubledTick[] {
  const [first] = starts;
  if (first === undefined || starts.length < 2) return [];
  return [{ task: first.task, tick: first.tick, replicas: starts.map((start) => start.replica) }];
}

function latenessOf(start: RunLine): number {
  return start.startedMs - start.tick;
}

function quantiles(values: readonly number[]): Proof['lateness'] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function keyOf(task: string, tick: number): string {
  return `${tick} ${task}`;
}
