/** What a daily job does on the two days on which clocks are turned: as `@Cron` does it, and with `dst: 'once'`. */

import { CronTime } from 'cron';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { SingleHourSchedule } from '#src/tasks/single-hour.schedule.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { drawFrom, randomExpression } from '../../support/cron/random-expression.js';
import { zoneChanges } from '../../support/cron/zone-changes.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SEED = Number(process.env.SEED ?? 20_261_129);
const EXPRESSIONS = Number(process.env.EXPRESSIONS ?? 60);

/** When clocks are turned, in 2026, 2027 and 2028. */
const TURNS = {
  'America/New_York': {
    forward: ['2026-03-08T07:00Z', '2027-03-14T07:00Z', '2028-03-12T07:00Z'],
    back: ['2026-11-01T06:00Z', '2027-11-07T06:00Z', '2028-11-05T06:00Z'],
  },
  'Europe/Berlin': {
    forward: ['2026-03-29T01:00Z', '2027-03-28T01:00Z', '2028-03-26T01:00Z'],
    back: ['2026-10-25T01:00Z', '2027-10-31T01:00Z', '2028-10-29T01:00Z'],
  },
  'America/Santiago': {
    forward: ['2026-09-06T04:00Z', '2027-09-05T04:00Z', '2028-09-03T04:00Z'],
    back: ['2026-04-05T03:00Z', '2027-04-04T03:00Z', '2028-04-02T03:00Z'],
  },
} as const;
type Zone = keyof typeof TURNS;

/** Ticks of the hours around a turn, in minutes from it. */
interface Day {
  readonly zone: Zone;
  readonly cron: string;
  readonly back: readonly number[];
  readonly backOnce: readonly number[];
  /** With and without `dst`. */
  readonly forward: readonly number[];
}

const DAYS: readonly Day[] = [
  // Their time would have come at the turn, and comes an hour later: `@Cron` runs both times.
  { zone: 'America/New_York', cron: '0 2 * * *', back: [0, 60], backOnce: [60], forward: [0] },
  { zone: 'Europe/Berlin', cron: '0 3 * * *', back: [0, 60], backOnce: [60], forward: [0] },
  { zone: 'America/Santiago', cron: '0 0 * * *', back: [0, 60], backOnce: [60], forward: [0] },
  { zone: 'America/New_York', cron: '30 2 * * *', back: [30, 90], backOnce: [90], forward: [0] },
  // Skipped in spring: at the turn, or as much later where New Year has summer time.
  { zone: 'Europe/Berlin', cron: '30 2 * * *', back: [-30], backOnce: [-30], forward: [0] },
  { zone: 'America/Santiago', cron: '30 0 * * *', back: [30, 90], backOnce: [90], forward: [30] },
  // Comes twice in autumn: the first pass only.
  { zone: 'America/New_York', cron: '30 1 * * *', back: [-30], backOnce: [-30], forward: [-30] },
  { zone: 'Europe/Berlin', cron: '0 2 * * *', back: [-60], backOnce: [-60], forward: [0] },
  { zone: 'America/Santiago', cron: '30 23 * * *', back: [-30], backOnce: [-30], forward: [-30] },
  // In every hour: both passes, and with `dst` the first one.
  {
    zone: 'Europe/Berlin',
    cron: '0 * * * *',
    back: [-120, -60, 0, 60, 120, 180],
    backOnce: [-120, -60, 60, 120, 180],
    forward: [-120, -60, 0, 60, 120, 180],
  },
];

const asCron = (cronTime: string, timeZone: string): CronSchedule =>
  new CronSchedule('report', { kind: 'cron', cronTime, timeZone });

const once = (cronTime: string, timeZone: string): SingleHourSchedule =>
  new SingleHourSchedule(asCron(cronTime, timeZone));

function ticksWithin(schedule: Schedule, fromMs: number, untilMs: number): number[] {
  const ticks: number[] = [];
  for (let tick = schedule.nextAfter(fromMs - 1); tick !== undefined && tick <= untilMs; ) {
    ticks.push(tick);
    tick = schedule.nextAfter(tick);
  }
  return ticks;
}

const around = (schedule: Schedule, turn: string): number[] =>
  ticksWithin(schedule, Date.parse(turn) - 2 * HOUR_MS, Date.parse(turn) + 3 * HOUR_MS).map(
    (tick) => (tick - Date.parse(turn)) / MINUTE_MS,
  );

describe.each(DAYS)('$cron in $zone', ({ zone, cron, back, backOnce, forward }) => {
  it.each(TURNS[zone].back)('when clocks go back at %s', (turn) => {
    expect(around(asCron(cron, zone), turn), 'as @Cron').toEqual(back);
    expect(around(once(cron, zone), turn), 'once').toEqual(backOnce);
  });

  it.each(TURNS[zone].forward)('when clocks go forward at %s', (turn) => {
    expect(around(asCron(cron, zone), turn), 'as @Cron').toEqual(forward);
    expect(around(once(cron, zone), turn), 'once').toEqual(forward);
  });
});

/** Date and time that the clocks of a zone show, as if they were UTC. */
function wallClock(zone: string): (epochMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  return (epochMs) => {
    const at = Object.fromEntries(
      format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]),
    );
    return Date.UTC(at.year ?? 0, (at.month ?? 1) - 1, at.day, at.hour, at.minute, at.second);
  };
}

describe("a daily job with dst: 'once'", () => {
  it.each(DAYS.filter(({ cron }) => cron !== '0 * * * *'))(
    '$cron in $zone is due once on every local day',
    ({ zone, cron }) => {
      const wall = wallClock(zone);
      for (const turn of [...TURNS[zone].back, ...TURNS[zone].forward]) {
        const ticks = ticksWithin(
          once(cron, zone),
          Date.parse(turn) - 3 * DAY_MS,
          Date.parse(turn) + 3 * DAY_MS,
        );
        const days = ticks.map((tick) => Math.floor(wall(tick) / DAY_MS));
        expect(days).toEqual(days.map((_day, index) => (days[0] ?? 0) + index));
        expect(days.length).toBeGreaterThanOrEqual(5);
      }
    },
  );

  it('goes on alike from wherever it is asked, also within the hour that comes again', () => {
    const schedule = once('0 2 * * *', 'America/New_York');
    for (const from of ['05:00:00.000', '05:59:59.999', '06:00:00.000', '06:00:00.001', '06:59:59.999'])
      expect(schedule.nextAfter(Date.parse(`2026-11-01T${from}Z`))).toBe(Date.parse('2026-11-01T07:00Z'));
    expect(schedule.nextAfter(Date.parse('2026-11-01T07:00Z'))).toBe(Date.parse('2026-11-02T07:00Z'));
  });

  it('leaves out a whole hour of seconds at one question', () => {
    let questions = 0;
    const cron = asCron('* * * * * *', 'Europe/Berlin');
    const counted = new Proxy(cron, {
      get: (target, name, receiver) => {
        if (name === 'nextAfter') questions += 1;
        return Reflect.get(target, name, receiver);
      },
    });
    const schedule = new SingleHourSchedule(counted);
    expect(schedule.nextAfter(Date.parse('2026-10-25T00:59:59Z'))).toBe(Date.parse('2026-10-25T02:00Z'));
    expect(questions).toBe(2);
  });
});

/** By the clock on the wall, minute by minute: each matching time when it is shown for the first time. */
function firstShown(cronTime: string, zone: string, fromMs: number, untilMs: number): number[] {
  const wall = wallClock(zone);
  const expression = new CronTime(cronTime, 'UTC');
  let latestMs = wall(fromMs - MINUTE_MS);
  const ticks: number[] = [];
  for (let minute = fromMs; minute < untilMs; minute += MINUTE_MS) {
    const shown = wall(minute);
    if (shown <= latestMs) continue;
    latestMs = shown;
    for (let second = shown - 1_000; ; ) {
      second = expression.getNextDateFrom(new Date(second), 'UTC').toMillis();
      if (second >= shown + MINUTE_MS) break;
      ticks.push(minute + second - shown);
    }
  }
  return ticks;
}

/** Those that turn by an hour, by half of one, at midnight, in the south and in Ramadan. */
const ODD_ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'America/Havana',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Cairo',
];

describe('where clocks go back by half an hour', () => {
  it('is due when they show the time, of which @Cron has another idea', () => {
    const ticks = (schedule: Schedule) =>
      ticksWithin(schedule, Date.parse('2026-04-04T12:00Z'), Date.parse('2026-04-05T12:00Z')).map((tick) =>
        new Date(tick).toISOString().slice(0, 16),
      );
    // Clocks showed 01:45 at the first two.
    expect(ticks(asCron('45 2 * * *', 'Australia/Lord_Howe'))).toEqual([
      '2026-04-04T14:45',
      '2026-04-04T15:15',
      '2026-04-04T16:15',
    ]);
    expect(ticks(once('45 2 * * *', 'Australia/Lord_Howe'))).toEqual(['2026-04-04T16:15']);
  });
});

describe(`any expression with dst: 'once' (SEED=${SEED})`, () => {
  it(`of ${EXPRESSIONS} is due when clocks show its times for the first time, around the turns of ${ODD_ZONES.length} zones`, () => {
    const draw = drawFrom(new SeededRandom(SEED));
    const backs = ODD_ZONES.flatMap((zone) => {
      const wall = wallClock(zone);
      return zoneChanges(zone, Date.parse('2026-01-01'), Date.parse('2027-01-01'))
        .filter((turn) => wall(turn) < wall(turn - MINUTE_MS))
        .map((turn) => ({ zone, turn }));
    });
    for (let count = 0; count < EXPRESSIONS; count += 1) {
      const { zone, turn } = draw.one(backs);
      const hours = draw.one(['*', '*/2', '0', '1', '2', '3', '23', '1,2', '2,3', '0-3', '0,23', '1-2']);
      const minutes = draw.one(['0', '15', '30', '45', '*/20', '5,50', '59']);
      const cron = draw.chance(0.3) ? randomExpression(draw) : `${minutes} ${hours} * * *`;
      const [fromMs, untilMs] = [turn - 2 * HOUR_MS, turn + 2.5 * HOUR_MS];
      const expected = firstShown(cron, zone, fromMs, untilMs);
      if (expected.length > 400) continue;
      const ticks = ticksWithin(once(cron, zone), fromMs, untilMs - 1);
      const iso = (values: readonly number[]) => values.map((tick) => new Date(tick).toISOString());
      expect(iso(ticks), `${cron} in ${zone} at ${new Date(turn).toISOString()}`).toEqual(iso(expected));
    }
  }, 300_000);
});
