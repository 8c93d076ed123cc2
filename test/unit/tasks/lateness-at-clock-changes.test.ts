/** A lateness limit that is good in June boots in October, and is cut where clocks that are turned leave less room. */

import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CronExclusive, DistributedScheduleModule } from 'nestjs-distributed-schedule';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { TaskBook } from '#src/protocol/scheduler/task-book.js';
import { controlledSchedule } from '#src/protocol/schedules/controlled-schedule.js';
import { JitteredSchedule } from '#src/protocol/schedules/jittered.schedule.js';
import { requirePeriod } from '#src/protocol/schedules/period.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { SingleHourSchedule } from '#src/tasks/single-hour.schedule.js';
import { taskOf } from '../../support/tasks.js';
import { bootError, LogCapture } from '../nest/nest-app.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const STAGGER_MS = 100;

const cron = (cronTime: string, timeZone: string): CronSchedule =>
  new CronSchedule('report', { kind: 'cron', cronTime, timeZone });

/** The error with which a task is refused at an instant; undefined where it is not. */
function refusal(schedule: Schedule, maxLatenessMs: number, at: string): string | undefined {
  try {
    requirePeriod(
      taskOf(() => undefined, { schedule, maxLatenessMs }),
      Date.parse(at),
      STAGGER_MS,
    );
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** The limits of all ticks from one instant to another, as an instance has them that came then. */
function limits(schedule: Schedule, maxLatenessMs: number, from: string, to: string): [string, number][] {
  const book = new TaskBook(STAGGER_MS);
  book.add(
    taskOf(() => undefined, { schedule, maxLatenessMs }),
    Date.parse(from),
  );
  const found: [string, number][] = [];
  for (let tick = book.earliest(); tick !== undefined && tick <= Date.parse(to); tick = book.earliest()) {
    for (const due of book.take(tick, tick))
      found.push([new Date(due.tick).toISOString().slice(0, 16), due.maxLatenessMs / MINUTE_MS]);
  }
  return found;
}

async function bootAt(startAt: string, cronTime: string, timeZone: string, maxLatenessMs: number) {
  @Injectable()
  class Report {
    @CronExclusive(cronTime, { name: 'report', timeZone, maxLatenessMs })
    run(): void {}
  }
  const testing = await Test.createTestingModule({
    imports: [
      DistributedScheduleModule.forRoot({ memory: true }),
      DistributedScheduleTestingModule.with({ startAt: new Date(startAt) }),
    ],
    providers: [Report],
  })
    .setLogger(new LogCapture())
    .compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.init();
  return app.get(ScheduleHarness);
}

describe('an app whose task may be an hour late', () => {
  it.each([
    ['0 3 * * *', 'Europe/Berlin', '2026-10-12T12:00:00Z'],
    ['0 3 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z'],
    ['0 3 * * *', 'Europe/Berlin', '2026-10-25T01:30:00Z'],
    ['0 2 * * *', 'America/New_York', '2026-10-20T12:00:00Z'],
    ['0 0 * * *', 'America/Santiago', '2026-03-25T12:00:00Z'],
  ])('boots with %s in %s at %s, before clocks go back', async (cronTime, timeZone, startAt) => {
    const schedule = await bootAt(startAt, cronTime, timeZone, HOUR_MS);
    expect(schedule.now()).toBeGreaterThanOrEqual(Date.parse(startAt));
  });

  it.each(['2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000Z'])(
    'runs the tick at %s on the day on which clocks go back',
    async (tick) => {
      const startAt = new Date(Date.parse(tick) - 3_000).toISOString();
      const schedule = await bootAt(startAt, '0 3 * * *', 'Europe/Berlin', HOUR_MS);
      await schedule.advance(6_000);
      expect(schedule.runs('report').map((run) => new Date(run.tick).toISOString())).toEqual([tick]);
    },
  );

  it.each(['2026-06-01T12:00:00Z', '2026-10-12T12:00:00Z', '2026-03-20T12:00:00Z'])(
    'does not boot at %s where that is too long for the ordinary period',
    async (startAt) => {
      const hours = 13;
      const error = await bootError(bootAt(startAt, '0 3 * * *', 'Europe/Berlin', hours * HOUR_MS));
      expect(error.message).toBe(
        "DSCHED_DURATIONS: task 'report': maxLatenessMs must be at most half the period, or a late start can come after its " +
          `successor: ${hours * HOUR_MS} > ${24 * HOUR_MS} / 2. Lower maxLatenessMs.`,
      );
    },
  );
});

const HALVES: readonly (readonly [string, string, number])[] = [
  ['0 3 * * *', 'Europe/Berlin', 12 * HOUR_MS],
  ['0 2 * * *', 'America/New_York', 12 * HOUR_MS],
  ['0 0 * * *', 'America/Santiago', 12 * HOUR_MS],
  ['0 */2 * * *', 'Europe/Berlin', HOUR_MS],
  ['0 3 * * 0', 'Europe/Berlin', 84 * HOUR_MS],
  ['0 1,3 * * *', 'Europe/Berlin', HOUR_MS],
];

// Before clocks go forward and back in the north, and where 16 days hold neither.
describe.each(['01-10', '03-20', '06-15', '10-20'].map((day) => `2026-${day}T12:00:00Z`))('at %s', (at) => {
  it.each(HALVES)(
    'half the period of %s in %s is taken as a limit, and no more',
    (cronTime, zone, halfMs) => {
      const plain = cron(cronTime, zone);
      const once = new SingleHourSchedule(plain);
      for (const schedule of [plain, once]) {
        expect(refusal(schedule, halfMs, at)).toBeUndefined();
        expect(refusal(schedule, halfMs + 1, at)).toContain(`${halfMs + 1} > ${2 * halfMs} / 2`);
      }
      // A tick that is moved by half an hour, before one that is not.
      const spread = new JitteredSchedule('report', once, 30 * MINUTE_MS);
      const leastMs = 2 * halfMs - 30 * MINUTE_MS + 1;
      expect(refusal(spread, Math.floor(leastMs / 2), at)).toBeUndefined();
      expect(refusal(spread, Math.ceil(leastMs / 2) + 1, at)).toContain(`> ${leastMs} / 2`);
    },
  );
});

describe('the period of a task that something was decided about', () => {
  const daily = new SingleHourSchedule(cron('0 3 * * *', 'Europe/Berlin'));
  const NOON = '2026-10-20T12:00:00Z';
  const TEN_TO_THREE = Date.parse('2026-10-21T00:50:00Z');
  const PAUSED = { isPaused: true, sinceMs: undefined, triggers: [] };
  const controls = [
    PAUSED,
    { isPaused: false, sinceMs: Date.parse(NOON) - HOUR_MS, triggers: [] },
    // Ten minutes before a tick: the limit of that one run is cut to five.
    { isPaused: false, sinceMs: undefined, triggers: [TEN_TO_THREE] },
  ];

  it.each(controls)('is that of its schedule: %j', (control) => {
    const schedule = controlledSchedule(daily, control);
    expect(refusal(schedule, 12 * HOUR_MS, NOON)).toBeUndefined();
    expect(refusal(schedule, 12 * HOUR_MS + 1, NOON)).toContain(`> ${24 * HOUR_MS} / 2`);
    const spread = controlledSchedule(new JitteredSchedule('report', daily, HOUR_MS), control);
    expect(refusal(spread, 11.5 * HOUR_MS, NOON)).toBeUndefined();
    expect(refusal(spread, 11.5 * HOUR_MS + 1, NOON)).toContain(`> ${23 * HOUR_MS + 1} / 2`);
  });

  it('is known without a look for ticks, whatever is wrapped around its expression', () => {
    const wrapped = [
      daily,
      new JitteredSchedule('report', daily, HOUR_MS),
      controlledSchedule(daily, PAUSED),
    ];
    expect(wrapped.map((schedule) => schedule.shortestGapMs)).toEqual([
      24 * HOUR_MS,
      23 * HOUR_MS + 1,
      24 * HOUR_MS,
    ]);
  });
});

describe('the limit of one tick', () => {
  const berlin = cron('0 3 * * *', 'Europe/Berlin');

  it('is cut to half of a gap that a turned clock has shortened, and only of that one', () => {
    expect(limits(berlin, HOUR_MS, '2026-10-23T12:00:00Z', '2026-10-27T12:00:00Z')).toEqual([
      ['2026-10-24T01:00', 60],
      ['2026-10-25T01:00', 30],
      ['2026-10-25T02:00', 60],
      ['2026-10-26T02:00', 60],
      ['2026-10-27T02:00', 60],
    ]);
    expect(limits(berlin, 12 * HOUR_MS, '2026-03-27T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      ['2026-03-28T02:00', 11.5 * 60],
      ['2026-03-29T01:00', 12 * 60],
      ['2026-03-30T01:00', 12 * 60],
    ]);
  });

  it.each(['2026-06-01T00:00:00Z', '2026-10-24T12:00:00Z', '2026-10-25T00:59:59Z'])(
    'is the same for an instance that came at %s',
    (from) => {
      const [first, second] = limits(berlin, HOUR_MS, from, '2026-10-25T12:00:00Z').slice(-2);
      expect([first, second]).toEqual([
        ['2026-10-25T01:00', 30],
        ['2026-10-25T02:00', 60],
      ]);
    },
  );
});
