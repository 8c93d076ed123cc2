/** Instants and durations as the log writes them. */

import { isoTime } from '../protocol/contract/iso-time.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Of cluster time, in UTC: ticks are compared over machines. */
export function at(tick: number): string {
  return isoTime(tick);
}

/** Date and time with its zone, such as `2026-11-30 03:00:00 Europe/Berlin`; in UTC where the zone is not known here. */
export function zonedTime(atMs: number, zone: string): string {
  return inOffset(atMs, zone) ?? inZone(atMs, zone) ?? `${clockOf(atMs)} UTC`;
}

/** `UTC+05:30`, which Intl of Node 20 does not know. */
function inOffset(atMs: number, zone: string): string | undefined {
  const [, sign, hours, minutes] = /^UTC([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (sign === undefined) return undefined;
  const offsetMs = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
  return `${clockOf(atMs + (sign === '-' ? -offsetMs : offsetMs))} ${zone}`;
}

/** One per zone that Intl knows: making one takes longer than all that it is asked. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that is not known here */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone, hourCycle: 'h23' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  formats.set(zone, made);
  return made;
}

function inZone(atMs: number, zone: string): string | undefined {
  try {
    const parts = new Map(
      formatOf(zone)
        .formatToParts(atMs)
        .map(({ type, value }) => [type, value]),
    );
    const [date, time] = [
      ['year', 'month', 'day'],
      ['hour', 'minute', 'second'],
    ].map((types) => types.map((type) => parts.get(type as Intl.DateTimeFormatPartTypes)));
    return `${date?.join('-')} ${time?.join(':')} ${zone}`;
  } catch {
    return undefined;
  }
}

function clockOf(atMs: number): string {
  return at(atMs).slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace('T', ' ');
}
