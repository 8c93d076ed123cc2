import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { isoTime } from '../protocol/contract/iso-time.js';
import type { Schedule } from '../protocol/contract/tick-context.js';
import { harmlessValue } from '../protocol/options/shown-value.js';
import { cronHint } from './cron-hint.js';
import { type CronReading, readCron } from './cron-reading.js';
import type { CronZone, Turn } from './cron-zone.js';
import type { CronDefinition } from './exclusive-task.js';
import { processZone } from './process-zone.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** No zone turns its clocks by more than a few hours. */
const MAX_MINUTES_SKIPPED = 6 * 60;
/** UTC+14 is the easternmost zone there is, UTC-12 the westernmost. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** Read by the parser of @nestjs/schedule, so that @Exclusive changes no tick. A `Date` or luxon `DateTime` is due once. */
export class CronSchedule implements Schedule {
  readonly description: string;
  /** Undefined for a Date, which goes by none. */
  readonly zoneName: string | undefined;
  private readonly reading: CronReading;
  /** The one instant of a Date, epoch ms. */
  private readonly onceMs: number | undefined;

  /** @throws DistributedScheduleError DSCHED_BAD_SCHEDULE with the parser's own words */
  constructor(
    private readonly task: string,
    private readonly definition: CronDefinition,
  ) {
    const { cronTime } = definition;
    try {
      this.reading = readCron(cronTime, zoneOf(definition));
    } catch (error) {
      throw this.badSchedule(error);
    }
    const { realDate, timeZone = 'UTC' } = this.reading.cronTime;
    this.onceMs = realDate ? Number(cronTime.valueOf()) : undefined;
    this.zoneName = realDate ? undefined : timeZone;
    this.description =
      this.onceMs === undefined ? `${String(cronTime)} (${timeZone})` : `once at ${isoTime(this.onceMs)}`;
  }

  get zone(): CronZone {
    return this.reading.zone;
  }

  /** The same expression where no clock is ever turned. */
  get ordinary(): Schedule {
    if (this.onceMs !== undefined) return this;
    return new CronSchedule(this.task, { kind: 'cron', cronTime: this.definition.cronTime, timeZone: 'UTC' });
  }

  nextAfter(atMs: number): number | undefined {
    if (this.onceMs !== undefined) return this.onceMs > atMs ? this.onceMs : undefined;
    return this.reading.answers.of(atMs, (secondMs) => this.search(secondMs));
  }

  get shortestGapMs(): number | undefined {
    return this.reading.fields?.shortestGapMs();
  }

  /** Whether clocks show a time of the expression at a full second. The parser also answers with others around a turn. */
  isShown(atMs: number): boolean {
    const localMs = this.zone.toLocal(atMs);
    return this.nextLocal(localMs - SECOND_MS) === localMs;
  }

  /** @throws DistributedScheduleError DSCHED_BAD_SCHEDULE for one such as the 30th of February */
  requireDueAfter(atMs: number): void {
    // A Date that has passed is no mistake: the app may have been restarted since.
    if (this.onceMs === undefined && this.nextAfter(atMs) === undefined) {
      throw this.badSchedule('it is never due in the next 8 years');
    }
  }

  /** Ticks are full seconds: from within one the answer is the same as from its begin. */
  private search(second: number): number | undefined {
    const turn = this.zone.turnAround(second);
    if (turn !== undefined) {
      const first = this.lookAfter(this.lastBefore(turn));
      if (first === undefined || first > second) return first;
    }
    for (let skipped = 0; skipped <= MAX_MINUTES_SKIPPED; skipped++) {
      const next = this.lookAfter(second + skipped * MINUTE_MS);
      // Never seen to happen, but a schedule that went back in time would stop its task for good.
      if (next === undefined || next > second) return next;
    }
    return undefined;
  }

  /**
   * The last tick before clocks were turned, or an instant before that: what a job does right after the turn hangs on where it was.
   * Asked from after it, the parser would repeat what comes once a day, and instances would differ by their start.
   */
  private lastBefore({ turnMs, lengthMs }: Turn): number {
    const startMs = turnMs - lengthMs - SECOND_MS;
    for (let backMs = SECOND_MS; ; backMs *= 2) {
      const fromMs = Math.max(startMs, turnMs - backMs - SECOND_MS);
      let last: number | undefined;
      let next = this.lookAfter(fromMs);
      while (next !== undefined && next < turnMs) {
        last = next;
        next = this.lookAfter(next);
      }
      if (last !== undefined || fromMs === startMs) return last ?? startMs;
    }
  }

  /** Searches in local time, in which no hour is skipped or repeated. */
  private lookAfter(atMs: number): number | undefined {
    const next = this.nextLocal(this.zone.toLocal(atMs));
    return next === undefined ? undefined : this.zone.toInstant(next, atMs);
  }

  private nextLocal(localMs: number): number | undefined {
    const { fields } = this.reading;
    return fields === undefined ? this.askParser(localMs) : fields.nextAfter(localMs);
  }

  private askParser(localMs: number): number | undefined {
    try {
      return this.reading.cronTime.getNextDateFrom(new Date(localMs), 'UTC').toMillis();
    } catch {
      // What can be wrong with the expression was found in the constructor: it has no date within 8 years.
      return undefined;
    }
  }

  private badSchedule(cause: unknown): DistributedScheduleError {
    const { cronTime, timeZone, utcOffset } = this.definition;
    const text = (value: unknown): string => String(typeof value === 'string' ? harmlessValue(value) : value);
    const zone =
      timeZone === undefined
        ? ''
        : ` in time zone ${typeof timeZone === 'string' ? `'${text(timeZone)}'` : text(timeZone)}`;
    const offset = utcOffset === undefined ? '' : ` at UTC offset ${text(utcOffset)}`;
    return new DistributedScheduleError(
      'DSCHED_BAD_SCHEDULE',
      `the cron expression '${text(cronTime)}'${zone}${offset} cannot be used: ` +
        (cause instanceof Error ? `${cause.message}${cronHint(cronTime)}` : String(cause)),
      { task: this.task, value: harmlessValue(cronTime), ...(cause instanceof Error ? { cause } : {}) },
    );
  }
}

/** Without a zone of the process no expression that names none would ever be due. */
function requireProcessZone(isDate: boolean): undefined {
  if (isDate || processZone() !== undefined) return;
  const { TZ } = process.env;
  throw new TypeError(
    `the process has no time zone, as its variable TZ is ${TZ === undefined ? 'not set' : JSON.stringify(TZ)}; ` +
      'set TZ=UTC or the name of another zone, or pass { timeZone }',
  );
}

/** Turns `utcOffset` into a zone of its own, in the way in which CronTime does it when it makes a timer. */
function zoneOf({ cronTime, timeZone, utcOffset }: CronDefinition): string | undefined {
  const isDate = typeof cronTime === 'object' && cronTime !== null && Number.isFinite(cronTime.valueOf());
  if (typeof cronTime !== 'string' && !isDate) {
    throw new TypeError('it must be a string, a Date or a DateTime');
  }
  if (timeZone !== undefined && timeZone !== null && typeof timeZone !== 'string') {
    throw new TypeError('the time zone must be the name of one');
  }
  // Most likely a variable that is not set, and the parser would take the zone of the process.
  if (timeZone === '') throw new TypeError('the time zone is empty; leave it out for that of the process');
  if (utcOffset === undefined || utcOffset === null) return timeZone ?? requireProcessZone(isDate);
  if (timeZone !== undefined && timeZone !== null)
    throw new TypeError('it takes a time zone or a UTC offset, not both');
  if (!Number.isInteger(utcOffset) || Math.abs(Number(utcOffset)) > MAX_OFFSET_MINUTES) {
    throw new RangeError(`the UTC offset must be whole minutes, at most ${MAX_OFFSET_MINUTES} either way`);
  }
  const minutes = Math.abs(Number(utcOffset));
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `UTC${Number(utcOffset) < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}
