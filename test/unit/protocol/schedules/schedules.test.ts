import { CronTime } from 'cron';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EverySecondSchedule } from '#src/protocol/schedules/every-second.schedule.js';
import { IntervalSchedule } from '#src/protocol/schedules/interval.schedule.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';

const HOUR_MS = 3_600_000;
const ZONES = ['Europe/Vienna', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC'];
const EXPRESSIONS = ['0 3 * * *', '30 2 * * *', '*/10 * * * * *', '15,45 * * * *', '@weekly', '0 12 29 2 *'];

const cron = (cronTime: string, timeZone?: string): CronSchedule =>
  new CronSchedule('report', { kind: 'cron', cronTime, timeZone });

const ticksBetween = (schedule: CronSchedule, from: string, to: string): string[] => {
  const ticks: string[] = [];
  for (let tick = schedule.nextAfter(Date.parse(from)); tick !== undefined; tick = schedule.nextAfter(tick)) {
    if (tick > Date.parse(to)) break;
    ticks.push(new Date(tick).toISOString());
  }
  return ticks;
};

describe('every second', () => {
  it('is due at full seconds, strictly after the given instant', () => {
    const schedule = new EverySecondSchedule();
    expect([-1, 0, 0.5, 999, 1_000].map((epochMs) => schedule.nextAfter(epochMs))).toEqual([
      0, 1_000, 1_000, 1_000, 2_000,
    ]);
  });
});

describe('an interval', () => {
  it('is due at multiples of its period since the epoch, whenever the process started', () => {
    const schedule = new IntervalSchedule('sweep', 5_000);
    expect([0, 1, 4_999.9, 5_000].map((epochMs) => schedule.nextAfter(epochMs))).toEqual([
      5_000, 5_000, 5_000, 10_000,
    ]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5000', undefined, 367 * 24 * HOUR_MS])(
    'of %s is refused',
    (periodMs) => {
      expect(() => new IntervalSchedule('sweep', periodMs)).toThrow(
        `DSCHED_BAD_SCHEDULE: task 'sweep': an interval of ${typeof periodMs === 'string' ? `"${periodMs}"` : periodMs} cannot be used; it takes a whole number of milliseconds`,
      );
    },
  );
});

describe('a cron schedule', () => {
  it('is strictly after the given instant, in whole milliseconds, in every zone', () => {
    const instant = fc.integer({ min: Date.parse('2024-01-01'), max: Date.parse('2027-01-01') });
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...EXPRESSIONS),
        instant,
        (zone, expression, epochMs) => {
          const next = cron(expression, zone).nextAfter(epochMs);
          expect(next).toBeGreaterThan(epochMs);
          expect(Number.isInteger(next)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('agrees with the parser of @nestjs/schedule', () => {
    const parser = new CronTime('0 30 4 1,15 * 5', 'America/New_York');
    const schedule = cron('0 30 4 1,15 * 5', 'America/New_York');
    let tick = Date.parse('2025-01-01T00:00:00Z');
    for (let count = 0; count < 50; count++) {
      const expected = parser.getNextDateFrom(new Date(tick), 'America/New_York').toMillis();
      expect(schedule.nextAfter(tick)).toBe(expected);
      tick = expected;
    }
  });

  it('keeps local time over a change of daylight saving time', () => {
    const schedule = cron('0 3 * * *', 'Europe/Vienna');
    expect(ticksBetween(schedule, '2025-03-28T12:00:00Z', '2025-03-31T12:00:00Z')).toEqual([
      '2025-03-29T02:00:00.000Z',
      '2025-03-30T01:00:00.000Z',
      '2025-03-31T01:00:00.000Z',
    ]);
  });

  it('goes on within the second pass where clocks are turned back by half an hour', () => {
    const schedule = cron('*/10 * * * * *', 'Australia/Lord_Howe');
    const inSecondPass = Date.parse('2025-04-05T15:00:12.806Z');
    expect(schedule.nextAfter(inSecondPass)).toBe(Date.parse('2025-04-05T15:00:20Z'));
  });

  it.each(['2025-01-01T00:00:00Z', '2025-07-01T00:00:00Z'])(
    'has the same answer about an hour that comes twice whenever it is asked, as at %s',
    (nowIso) => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(nowIso) });
      onTestFinished(() => void vi.useRealTimers());
      // Clocks go back from 24:00 to 23:00 at 21:00 UTC: 23:51 is at 20:51 and at 21:51.
      const schedule = cron('51 * * * *', 'Africa/Cairo');
      expect(ticksBetween(schedule, '2025-10-30T20:03:00Z', '2025-10-30T22:52:00Z')).toEqual([
        '2025-10-30T20:51:00.000Z',
        '2025-10-30T21:51:00.000Z',
        '2025-10-30T22:51:00.000Z',
      ]);
      expect(schedule.nextAfter(Date.parse('2025-10-30T21:03:00Z'))).toBe(Date.parse('2025-10-30T21:51:00Z'));
    },
  );

  it.each([
    [120, '2025-06-01T01:00:00.000Z'],
    [-30, '2025-06-01T03:30:00.000Z'],
    [345, '2025-05-31T21:15:00.000Z'],
  ])('is at a UTC offset of %d minutes all year', (utcOffset, expected) => {
    const schedule = new CronSchedule('report', { kind: 'cron', cronTime: '0 3 * * *', utcOffset });
    const from = Date.parse(expected) - HOUR_MS;
    expect(new Date(schedule.nextAfter(from) ?? 0).toISOString()).toBe(expected);
  });

  it('is due once for a Date, and no more when it has passed', () => {
    const schedule = new CronSchedule('report', { kind: 'cron', cronTime: new Date('2030-01-01T00:00:00Z') });
    expect(schedule.nextAfter(0)).toBe(Date.parse('2030-01-01T00:00:00Z'));
    expect(schedule.nextAfter(Date.parse('2030-01-01T00:00:00Z'))).toBeUndefined();
    expect(() => schedule.requireDueAfter(Date.parse('2031-01-01'))).not.toThrow();
    expect(schedule.description).toBe('once at 2030-01-01T00:00:00.000Z');
  });

  it('describes itself with its zone', () => {
    expect(cron('0 3 * * *', 'Europe/Vienna').description).toBe('0 3 * * * (Europe/Vienna)');
  });
});

describe('a cron schedule that cannot be used', () => {
  it.each([
    ['61 * * * *', undefined, undefined, "'61 * * * *' cannot be used: Field value (61) is out of range"],
    ['every day', undefined, undefined, "'every day' cannot be used: Unknown alias: eve"],
    ['* *', undefined, undefined, "'* *' cannot be used: Too few fields"],
    ['* * * * *', 'Mars/Phobos', undefined, "in time zone 'Mars/Phobos' cannot be used: Invalid timezone."],
    ['* * * * *', 7, undefined, 'the time zone must be the name of one'],
    ['* * * * *', 'UTC', 60, 'it takes a time zone or a UTC offset, not both'],
    ['* * * * *', undefined, 6_000, 'the UTC offset must be whole minutes'],
    [undefined, undefined, undefined, 'it must be a string, a Date or a DateTime'],
    [new Date(Number.NaN), undefined, undefined, 'it must be a string, a Date or a DateTime'],
  ])('%s in %s at %s names itself, its zone and the reason', (cronTime, timeZone, utcOffset, message) => {
    const create = () =>
      new CronSchedule('report', { kind: 'cron', cronTime: cronTime as never, timeZone, utcOffset });
    expect(create).toThrow(message);
    expect(create).toThrow("DSCHED_BAD_SCHEDULE: task 'report': the cron expression");
  });

  it('is the 30th of February', () => {
    expect(() => cron('0 0 30 2 *', 'UTC').requireDueAfter(Date.now())).toThrow(
      'it is never due in the next 8 years',
    );
  });
});
