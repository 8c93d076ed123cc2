/** A schedule that can travel: what a task is given at run time, and what instances of other versions are told. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { isoTime } from '../protocol/contract/iso-time.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { badOption } from '../protocol/options/option-spec.js';
import type { ScheduleDefinition } from './exclusive-task.js';
import type { DstPolicy } from './exclusive-task-options.js';
import { processZone } from './process-zone.js';

/** When a task is due: exactly one of `cron`, `everyMs`, `everySecond` and `atMs`. */
export type ScheduleData =
  | {
      /** As for `@CronExclusive`. */
      readonly cron: string;
      /** IANA name. Default: the zone of the process that calls. */
      readonly timeZone?: string;
      /** Minutes east of UTC, in place of `timeZone`. */
      readonly utcOffset?: number;
      /** As for `@CronExclusive`; not beside `utcOffset`. */
      readonly dst?: DstPolicy;
    }
  /** Every multiple of this since 1970. */
  | { readonly everyMs: number }
  | { readonly everySecond: true }
  /** Once, epoch ms. */
  | { readonly atMs: number };

export const SCHEDULE_NAMES = {
  cron: true,
  timeZone: true,
  utcOffset: true,
  dst: true,
  everyMs: true,
  everySecond: true,
  atMs: true,
} as const;

const KINDS = ['cron', 'everyMs', 'everySecond', 'atMs'] as const;

/**
 * Picks the schedule out of what a caller gave, with the zone that counts for everybody.
 * @throws DistributedScheduleError DSCHED_NO_SCHEDULE unless there is exactly one; what is in it is checked by
 * {@link createTaskBlueprint}
 */
export function requireScheduleData(task: string, given: object): ScheduleData {
  const values = given as Readonly<Record<string, unknown>>;
  const kinds = KINDS.filter((kind) => values[kind] !== undefined);
  if (kinds.length !== 1) {
    throw new DistributedScheduleError(
      'DSCHED_NO_SCHEDULE',
      `it takes exactly one of ${KINDS.join(', ')}; it was given ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`,
      { task, value: kinds.length },
    );
  }
  const { cron, timeZone, utcOffset, dst, everyMs, everySecond, atMs } = values;
  if (cron === undefined && (timeZone !== undefined || utcOffset !== undefined)) {
    throw badOption({ task }, 'timeZone', timeZone ?? utcOffset, 'a zone or an offset only beside cron');
  }
  if (cron === undefined && dst !== undefined)
    throw badOption({ task }, 'dst', dst, "'once' only beside cron");
  if (everySecond !== undefined && everySecond !== true)
    throw badOption({ task }, 'everySecond', everySecond, 'true');
  if (atMs !== undefined && !Number.isSafeInteger(atMs))
    throw badOption({ task }, 'atMs', atMs, 'epoch milliseconds');
  if (cron === undefined)
    return (
      everyMs === undefined ? (atMs === undefined ? { everySecond } : { atMs }) : { everyMs }
    ) as ScheduleData;
  if (typeof cron !== 'string') throw badOption({ task }, 'cron', cron, 'a cron expression');
  if (utcOffset !== undefined)
    return { cron, utcOffset, ...withoutUndefined({ timeZone, dst }) } as ScheduleData;
  // Where the process has no zone, the schedule is refused when it is made, with the reason.
  return inZone(cron, timeZone ?? processZone(), dst);
}

/**
 * Refuses an instant that is over, with which nothing would ever run.
 * @throws DistributedScheduleError DSCHED_BAD_SCHEDULE
 */
export function requireAhead(task: string, schedule: ScheduleData, nowMs: number): void {
  if (!('atMs' in schedule) || schedule.atMs > nowMs) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_SCHEDULE',
    `atMs = ${schedule.atMs} is ${isoTime(schedule.atMs)}, which is over: it is ${isoTime(nowMs)}. It takes epoch milliseconds, not ` +
      'seconds',
    { task, value: schedule.atMs },
  );
}

/** For `reschedule`, which takes nothing else. */
export function requireOnlyScheduleData(place: string, task: string, given: unknown): ScheduleData {
  requireKnownOptions({ place, task }, given, SCHEDULE_NAMES);
  return requireScheduleData(task, given as object);
}

export function definitionOf(data: ScheduleData): ScheduleDefinition {
  if ('cron' in data) {
    const { cron: cronTime, timeZone, utcOffset, dst } = data;
    return { kind: 'cron', cronTime, timeZone, utcOffset, ...withoutUndefined({ dst }) };
  }
  if ('everyMs' in data) return { kind: 'interval', periodMs: data.everyMs };
  if ('atMs' in data) return { kind: 'cron', cronTime: new Date(data.atMs) };
  return { kind: 'every_second' };
}

/** What can be told about a decorated task; undefined for what only its own process can know. */
export function dataOf(definition: ScheduleDefinition): ScheduleData | undefined {
  switch (definition.kind) {
    case 'every_second':
      return { everySecond: true };
    case 'interval':
      return typeof definition.periodMs === 'number' ? { everyMs: definition.periodMs } : undefined;
    case 'cron': {
      const { cronTime, timeZone, utcOffset, dst } = definition;
      if (typeof cronTime !== 'string') return { atMs: Number(cronTime.valueOf()) };
      if (typeof utcOffset === 'number') return { cron: cronTime, utcOffset };
      return inZone(cronTime, typeof timeZone === 'string' ? timeZone : processZone(), dst);
    }
    default:
      return undefined;
  }
}

function inZone(cron: string, timeZone: unknown, dst: unknown): ScheduleData {
  return { cron, ...withoutUndefined({ timeZone, dst }) } as ScheduleData;
}

/** Without what is undefined: records and fingerprints have no empty fields. */
function withoutUndefined(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
