/**
 * `@CronExclusive` is due when `@Cron` is: random expressions, zones, offsets and instants, half of them around the days on
 * which clocks are turned, against a real `CronJob` as @nestjs/schedule makes it, asked at that very moment.
 */

import { CronJob, CronTime } from 'cron';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { CronZone } from '#src/tasks/cron-zone.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import {
  type Draw,
  drawFrom,
  PRESETS,
  randomExpression,
  ZONES,
} from '../../support/cron/random-expression.js';
import { zoneChanges } from '../../support/cron/zone-changes.js';
import { SEED } from '../../support/seed.js';

/** Another seed every time, except in CI, which must not fail for what it has not changed. */
const EXPRESSIONS = Number(process.env.EXPRESSIONS ?? 2_000);
const TICKS_EACH = 3;
const TIMEOUT_MS = 300_000;
const FROM_MS = Date.parse('2024-01-01');
const UNTIL_MS = Date.parse('2028-01-01');
const HOUR_MS = 3_600_000;

interface Place {
  readonly timeZone?: string;
  readonly utcOffset?: number;
}

interface Question extends Place {
  readonly cronTime: string;
  readonly fromMs: number;
}

const CHANGES = new Map(ZONES.map((zone) => [zone, zoneChanges(zone, FROM_MS, UNTIL_MS)]));

function drawQuestion(draw: Draw): Question {
  const cronTime = randomExpression(draw);
  const anyMs = FROM_MS + draw.whole(0, (UNTIL_MS - FROM_MS) / 1_000) * 1_000;
  if (draw.chance(0.1)) return { cronTime, utcOffset: draw.whole(-14 * 60, 14 * 60), fromMs: anyMs };
  // Its rules are the oddest, and only there half an hour comes twice.
  const timeZone = draw.chance(0.15) ? 'Australia/Lord_Howe' : draw.one(ZONES);
  const changes = CHANGES.get(timeZone) ?? [];
  if (changes.length === 0 || draw.chance(0.3)) return { cronTime, timeZone, fromMs: anyMs };
  // The timer of a job fires some ms after the instant.
  const fromMs = draw.one(changes) + draw.whole(-3 * HOUR_MS, 3 * HOUR_MS);
  return { cronTime: draw.chance(0.5) ? expressionNear(draw, fromMs, timeZone) : cronTime, timeZone, fromMs };
}

/** Due in an hour of the day on which clocks are turned, or one around it. */
function expressionNear(draw: Draw, epochMs: number, timeZone: string): string {
  const text = new Intl.DateTimeFormat('en-US', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(
    epochMs,
  );
  const hour = (Number(text) + 24 + draw.whole(-1, 1)) % 24;
  const minute = draw.one([String(draw.whole(0, 59)), '*/15', '30-40', '*']);
  return `${minute} ${draw.one([String(hour), `${hour},${(hour + 2) % 24}`, '*'])} * * *`;
}

/** What a real job of @nestjs/schedule would be armed for if its last tick were `fromMs`. */
function jobOf({ cronTime, timeZone, utcOffset }: Question): (fromMs: number) => number | undefined {
  const base = { cronTime, onTick: () => undefined, start: false };
  const job =
    utcOffset === undefined
      ? CronJob.from({ ...base, timeZone: timeZone ?? 'UTC' })
      : CronJob.from({ ...base, utcOffset });
  return (fromMs) => {
    vi.setSystemTime(fromMs);
    try {
      return job.nextDate().toMillis();
    } catch {
      return undefined;
    }
  };
}

/** Whether clocks were turned so shortly before that a job which is started there is not where one that goes on would be. */
function isAfterTurn({ timeZone = 'UTC', fromMs }: Question): boolean {
  const { zone } = new CronTime('* * * * * *').getNextDateFrom(new Date(0), timeZone);
  return new CronZone(zone).turnAround(Math.floor(fromMs / 1_000) * 1_000) !== undefined;
}

const scheduleOf = ({ cronTime, timeZone, utcOffset }: Question): CronSchedule =>
  new CronSchedule('report', { kind: 'cron', cronTime, timeZone, utcOffset });

const iso = (epochMs: number | undefined): string =>
  epochMs === undefined ? 'never' : new Date(epochMs).toISOString();

function fakeDate(): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
}

describe(`@CronExclusive beside @Cron (SEED=${SEED})`, () => {
  it(
    `is due at the same ${TICKS_EACH} ticks in a row of ${EXPRESSIONS} random expressions in ${ZONES.length} zones and at UTC offsets`,
    () => {
      fakeDate();
      const draw = drawFrom(new SeededRandom(SEED));
      for (let count = 0; count < EXPRESSIONS; count++) {
        const question = drawQuestion(draw);
        const [job, schedule] = [jobOf(question), scheduleOf(question)];
        let fromMs: number | undefined = question.fromMs;
        for (let tick = 0; tick < TICKS_EACH && fromMs !== undefined; tick++) {
          const theirs: number | undefined = job(fromMs);
          const ours = schedule.nextAfter(fromMs);
          if (tick === 0 && isAfterTurn(question)) {
            fromMs = ours;
            continue;
          }
          expect(iso(ours), `${JSON.stringify(question)} after ${iso(fromMs)}`).toBe(iso(theirs));
          fromMs = theirs;
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    'has no tick between two ticks, from wherever and whenever it is asked',
    () => {
      fakeDate();
      const draw = drawFrom(new SeededRandom(SEED + 1));
      for (let count = 0; count < EXPRESSIONS / 2; count++) {
        const question = drawQuestion(draw);
        const schedule = scheduleOf(question);
        vi.setSystemTime(question.fromMs);
        const first = schedule.nextAfter(question.fromMs);
        const tick = first === undefined ? undefined : schedule.nextAfter(first);
        if (first === undefined || tick === undefined) continue;
        const betweenMs = draw.whole(first, Math.min(tick - 1, first + 3 * HOUR_MS));
        vi.setSystemTime(draw.one([FROM_MS, FROM_MS + 180 * 24 * HOUR_MS]));
        expect(
          iso(schedule.nextAfter(betweenMs)),
          `${JSON.stringify(question)} asked at ${iso(betweenMs)}`,
        ).toBe(iso(tick));
      }
    },
    TIMEOUT_MS,
  );

  it.each(PRESETS)('reads the preset %s alike', (cronTime) => {
    fakeDate();
    for (const timeZone of ['Europe/Vienna', 'Pacific/Chatham']) {
      const question = { cronTime, timeZone, fromMs: Date.parse('2026-03-28T23:59:30Z') };
      expect(scheduleOf(question).nextAfter(question.fromMs)).toBe(jobOf(question)(question.fromMs));
    }
  });
});
