/** The option `dst`: where it comes from, and where it means nothing. */

import { badOption, type OptionPlace, oneOf, requireOption } from '../protocol/options/option-spec.js';
import type { ScheduleDefinition } from './exclusive-task.js';
import { DST_POLICIES } from './exclusive-task-options.js';

/** `@Exclusive` has it among its own options, beside a `@Cron` that knows nothing of it. */
export function withDst(
  definition: ScheduleDefinition,
  dst: unknown,
  place: OptionPlace,
): ScheduleDefinition {
  if (dst === undefined) return definition;
  if (definition.kind === 'cron') return { ...definition, dst };
  const what = definition.kind === 'timeout' ? 'a timeout' : 'an interval';
  const takes = `nothing for ${what}: it speaks of a cron expression in a time zone`;
  throw badOption(place, 'dst', dst, takes);
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION where no clock is turned, or with another value */
export function requireDst(definition: ScheduleDefinition, place: OptionPlace): void {
  if (definition.kind !== 'cron' || definition.dst === undefined) return;
  const { dst, utcOffset, cronTime } = definition;
  requireOption(place, 'dst', dst, oneOf(DST_POLICIES));
  if (utcOffset !== undefined && utcOffset !== null) {
    const takes = 'nothing beside utcOffset, which is the same all year; give a timeZone or leave dst out';
    throw badOption(place, 'dst', dst, takes);
  }
  if (typeof cronTime === 'object')
    throw badOption(place, 'dst', dst, 'nothing for a Date, which is due once anyway');
}
