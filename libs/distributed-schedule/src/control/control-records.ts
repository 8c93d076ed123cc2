/** What stands on the board about tasks. Each decision has a record of its own: two at the same time do not undo each other. */

import { readTriggerKey, TRIGGER } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { Outcome } from '../protocol/contract/outcome.js';
import { TRIGGER_LINES } from '../protocol/contract/prunable-lines.js';
import type { ExclusiveTaskOptions } from '../tasks/exclusive-task-options.js';
import type { ScheduleData } from '../tasks/schedule-data.js';

/** `pause:<task>`: the last word on whether it is paused. */
export interface PauseRecord {
  readonly paused: boolean;
  /** When it was decided, epoch ms of cluster time: after a pause only ticks since then count. */
  readonly sinceMs: number;
}

/** `plan:<task>`: a schedule in place of the one in the code. */
export interface PlanRecord {
  readonly schedule: ScheduleData;
  readonly sinceMs: number;
}

/** `task:<task>`: a task that was added at run time. */
export interface RuntimeTaskRecord {
  /** The name of the handler, or of the decorated task whose method runs. */
  readonly runs: string;
  readonly schedule: ScheduleData;
  readonly options: RuntimeTaskOptions;
  readonly payload?: unknown;
  readonly sinceMs: number;
}

/** Options of a decorated task that one that is added at run time can have too. */
export type RuntimeTaskOptions = Omit<ExclusiveTaskOptions, 'name' | 'disabled' | 'perTick'>;

/** `trigger:<task>:<tick>:<random>`: an extra tick. The task's name comes last, since it may hold colons. */
export interface TriggerRecord {
  readonly tick: number;
  readonly payload?: unknown;
}

/** `run:<task>`: its newest run that has ended. */
export interface RunRecord {
  readonly tick: number;
  readonly outcome: Outcome;
  readonly instanceId: string;
  /** When its handler returned, or its verdict was told before that, epoch ms of cluster time. */
  readonly endedMs: number;
  readonly durationMs: number;
}

export interface Trigger extends TriggerRecord {
  readonly key: string;
  readonly task: string;
  readonly writtenMs: number;
}

/** Where the trigger is claimed: its key stays, and it is never moved before the instant in it, which nodes would refuse as early. */
export function claimedTrigger({ key, tick }: Trigger): { readonly line: string; readonly placedMs: number } {
  const placedMs = readTriggerKey(key)?.placedMs ?? tick;
  return { line: `${TRIGGER_LINES}${key.slice(TRIGGER.length)}`, placedMs };
}

/** All triggers, by task, ascending. */
export function triggersOn(board: BoardView): ReadonlyMap<string, readonly Trigger[]> {
  const byTask = new Map<string, Trigger[]>();
  for (const { key, value, writtenMs } of board.list(TRIGGER)) {
    const task = readTriggerKey(key)?.task;
    const record = parse<TriggerRecord>(value);
    if (task === undefined || !Number.isSafeInteger(record?.tick)) continue;
    const list = byTask.get(task) ?? [];
    list.push({ ...(record as TriggerRecord), key, task, writtenMs });
    byTask.set(task, list);
  }
  for (const list of byTask.values()) list.sort((one, other) => one.tick - other.tick);
  return byTask;
}

/** Whether two records say the same, in whatever order they name it. */
export function areSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}

/** A record under `prefix`, by the rest of its key. What cannot be read, since a later version wrote it, is left out. */
export function recordsOn<T extends object>(board: BoardView, prefix: string): ReadonlyMap<string, T> {
  const records = board.list(prefix).flatMap(({ key, value }): [string, T][] => {
    const record = parse<T>(value);
    return record === undefined ? [] : [[key.slice(prefix.length), record]];
  });
  return new Map(records);
}

export function recordOn<T extends object>(board: BoardView, key: string): T | undefined {
  const value = board.get(key);
  return value === undefined ? undefined : parse<T>(value);
}

function parse<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
