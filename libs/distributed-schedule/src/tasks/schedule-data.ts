/** A schedule that can travel: what a task is given at run time, and what instances of other versions are told. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { isoTime } from '../protocol/contract/iso-time.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { badOption } from '../protocol/options/option-spec.js';
import type { ScheduleDefinition } from './exclusive-task.js';
import type { DstPolicy } from './exclusive-task-options.js';
import { processZone } from './process-zone.js';
import { allowed } from './task-policy-options.js';

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

const KINDS = ['cron', 'everyMs', 'everySecond', 'atMs'] as const;

export const SCHEDULE_NAMES = allowed(...KINDS, 'timeZone', 'utcOffset', 'dst');

/** @throws DistributedScheduleError DSCHED_NO_SCHEDULE unless there is exactly one; {@link createTaskBlueprint} checks it */
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
  const bad = (option: string, takes: string, value: unknown = values[option]): DistributedScheduleError =>
    badOption({ task }, option, value, takes);
  if (cron === undefined && (timeZone !== undefined || utcOffset !== undefined))
    throw bad('timeZone', 'a zone or an offset only beside cron', timeZone ?? utcOffset);
  if (cron === undefined && dst !== undefined) throw bad('dst', "'once' only beside cron");
  if (everySecond !== undefined && everySecond !== true) throw bad('everySecond', 'true');
  if (atMs !== undefined && !Number.isSafeInteger(atMs)) throw bad('atMs', 'epoch milliseconds');
  if (cron === undefined) return withoutUndefined({ everyMs, everySecond, atMs }) as ScheduleData;
  if (typeof cron !== 'string') throw bad('cron', 'a cron expression');
  // Where the process has no zone, the schedule is refused when it is made, with the reason.
  const zone = utcOffset === undefined ? (timeZone ?? processZone()) : timeZone;
  return withoutUndefined({ cron, utcOffset, timeZone: zone, dst }) as ScheduleData;
}

/** @throws DistributedScheduleError DSCHED_BAD_SCHEDULE for an instant that is over: nothing would ever run */
export function requireAhead(task: string, schedule: ScheduleData, nowMs: number): void {
  if (!('atMs' in schedule) || schedule.atMs > nowMs) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_SCHEDULE',
    `atMs = ${schedule.atMs} is ${isoTime(schedule.atMs)}, which is over: it is ${isoTime(nowMs)}. It takes epoch milliseconds, not ` +
      'seconds',
    { task, value: schedule.atMs },
  );
}

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
      const zone = typeof timeZone === 'string' ? timeZone : processZone();
      return withoutUndefined({ cron: cronTime, timeZone: zone, dst }) as ScheduleData;
    }
    default:
      return undefined;
  }
}

/** Without what is undefined: records and fingerprints have no empty fields. */
function withoutUndefined(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
