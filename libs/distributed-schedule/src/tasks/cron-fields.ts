/**
 * What a cron expression names. The search for the next instant is ours: that of the parser takes up to a millisecond on the event
 * loop. It follows the parser rule for rule, held by a differential test.
 */

import { CronValues } from './cron-values.js';

const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const DAY_MS = DAY_S * SECOND_MS;
const MONTHS = 12;
const WEEK_DAYS = 7;
/** The 1st of January 1970 was a Thursday. */
const WEEKDAY_OF_EPOCH = 4;
/** The 29th of February comes after 8 years at the latest. */
const MAX_AHEAD_MS = (8 * 365 + 2) * DAY_MS;
/** Begins with a leap year: gaps between days of month are as short there as they can be. */
const GAPS_FROM_MS = Date.UTC(2024, 0, 1);
/** A year of the 1st or a Monday, or five years of a day in the month. */
const DAYS_LOOKED_AT = 64;

/** The fields of the parser's object that are read; each holds its values as keys. */
const UNITS = {
  second: [0, 59],
  minute: [0, 59],
  hour: [0, 23],
  dayOfMonth: [1, 31],
  month: [1, 12],
  dayOfWeek: [0, 6],
} as const;

type Unit = keyof typeof UNITS;

export class CronFields {
  private gapMs: { readonly shortest: number | undefined } | undefined;

  private constructor(private readonly values: Readonly<Record<Unit, CronValues>>) {}

  /** Undefined where a version of the parser keeps them in another way. */
  static of(parsed: object): CronFields | undefined {
    const values: Partial<Record<Unit, CronValues>> = {};
    for (const [unit, [least, most]] of Object.entries(UNITS)) {
      const named = (parsed as Readonly<Record<string, unknown>>)[unit];
      const read = typeof named === 'object' && named !== null ? Object.keys(named).map(Number) : [];
      const areKnown = read.every((value) => Number.isInteger(value) && value >= least && value <= most);
      if (read.length === 0 || !areKnown) return undefined;
      values[unit as Unit] = new CronValues(read, least, most);
    }
    return new CronFields(values as Record<Unit, CronValues>);
  }

  /** The first full second after `localMs` that the fields name, both as if clocks showed UTC. Undefined: none in 8 years. */
  nextAfter(localMs: number): number | undefined {
    const fromMs = Math.floor(localMs / SECOND_MS) * SECOND_MS + SECOND_MS;
    const untilMs = fromMs + MAX_AHEAD_MS;
    const firstDayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
    let fromSecond = (fromMs - firstDayMs) / SECOND_MS;
    for (let dayMs = this.dayFrom(firstDayMs, untilMs); dayMs !== undefined; ) {
      const second = this.secondFrom(dayMs === firstDayMs ? fromSecond : 0);
      if (second !== undefined) return dayMs + second * SECOND_MS;
      fromSecond = 0;
      dayMs = this.dayFrom(dayMs + DAY_MS, untilMs);
    }
    return undefined;
  }

  /** The shortest time between two ticks where no clock is turned; undefined where there are no two. */
  shortestGapMs(): number | undefined {
    this.gapMs ??= { shortest: this.findShortestGapMs() };
    return this.gapMs.shortest;
  }

  private findShortestGapMs(): number | undefined {
    const { second, minute, hour } = this.values;
    const firstSecond = this.secondFrom(0) ?? 0;
    const lastSecond = hour.last * HOUR_S + minute.last * MINUTE_S + second.last;
    const spanS = { minute: second.span, hour: minute.span * MINUTE_S + second.span };
    const shortestS = Math.min(
      second.shortestGap,
      minute.shortestGap * MINUTE_S - spanS.minute,
      hour.shortestGap * HOUR_S - spanS.hour,
      this.shortestGapOfDays() * DAY_S - (lastSecond - firstSecond),
    );
    return Number.isFinite(shortestS) ? shortestS * SECOND_MS : undefined;
  }

  private shortestGapOfDays(): number {
    let shortest = Number.POSITIVE_INFINITY;
    const untilMs = GAPS_FROM_MS + MAX_AHEAD_MS;
    let dayMs = this.dayFrom(GAPS_FROM_MS, untilMs);
    for (let count = 0; count < DAYS_LOOKED_AT && dayMs !== undefined && shortest > 1; count += 1) {
      const next = this.dayFrom(dayMs + DAY_MS, untilMs);
      if (next !== undefined) shortest = Math.min(shortest, (next - dayMs) / DAY_MS);
      dayMs = next;
    }
    return shortest;
  }

  /** The first day from `dayMs` on that is named. */
  private dayFrom(dayMs: number, untilMs: number): number | undefined {
    const date = new Date(dayMs);
    const year = date.getUTCFullYear();
    let fromDay = date.getUTCDate();
    for (let month = date.getUTCMonth(); ; month += 1) {
      const monthMs = Date.UTC(year, month, 1);
      if (monthMs > untilMs) return undefined;
      const day = this.values.month.has((month % MONTHS) + 1) ? this.dayOf(year, month, fromDay) : undefined;
      if (day !== undefined) return monthMs + (day - 1) * DAY_MS;
      fromDay = 1;
    }
  }

  /** The first day of a month from `fromDay` on that is named. */
  private dayOf(year: number, month: number, fromDay: number): number | undefined {
    const firstDay = Date.UTC(year, month, 1) / DAY_MS;
    const days = Date.UTC(year, month + 1, 1) / DAY_MS - firstDay;
    for (let day = fromDay; day <= days; day += 1) {
      if (this.isDay(day, (firstDay + day - 1 + WEEKDAY_OF_EPOCH) % WEEK_DAYS)) return day;
    }
    return undefined;
  }

  /** Where both kinds of days are restricted, either is enough. */
  private isDay(day: number, weekday: number): boolean {
    const { dayOfMonth, dayOfWeek } = this.values;
    const isOfMonth = dayOfMonth.has(day);
    const isOfWeek = dayOfWeek.has(weekday);
    return (isOfMonth && isOfWeek) || (isOfMonth && !dayOfMonth.isAll) || (isOfWeek && !dayOfWeek.isAll);
  }

  /** The first second of a day from `second` on that is named. */
  private secondFrom(fromSecond: number): number | undefined {
    const { second, minute, hour } = this.values;
    const fromHour = Math.floor(fromSecond / HOUR_S);
    if (hour.has(fromHour)) {
      const fromMinute = Math.floor(fromSecond / MINUTE_S) % MINUTE_S;
      const inHour = this.secondOfHourFrom(fromMinute, fromSecond % MINUTE_S);
      if (inHour !== undefined) return fromHour * HOUR_S + inHour;
    }
    const next = hour.from(fromHour + 1);
    return next === undefined ? undefined : next * HOUR_S + minute.first * MINUTE_S + second.first;
  }

  private secondOfHourFrom(fromMinute: number, fromSecond: number): number | undefined {
    const { second, minute } = this.values;
    const inMinute = minute.has(fromMinute) ? second.from(fromSecond) : undefined;
    if (inMinute !== undefined) return fromMinute * MINUTE_S + inMinute;
    const next = minute.from(fromMinute + 1);
    return next === undefined ? undefined : next * MINUTE_S + second.first;
  }
}
