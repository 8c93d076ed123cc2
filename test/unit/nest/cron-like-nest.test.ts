/**
 * `@CronExclusive` is due when `@Cron` is: random expressions, zones, offsets and instants, half of them around the days on
 * which clocks are turned, against a real `CronJob` as @nestjs/schedule makes it, asked at that very moment.
 */

import { CronJob } from 'cron';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CronSchedule } from '../../../libs/distributed-schedule/src/nest/cron.schedule.js';
import { SeededRandom } from '../../../libs/distributed-schedule/src/testing/seeded-random.js';
import {
  type Draw,
  drawFrom,
  PRESETS,
  randomExpression,
  ZONES,
} from '../../support/cron/random-expression.js';
import { zoneChanges } from '../../support/cron/zone-changes.js';

/** Another seed every time, except in CI, which must not fail for what it has not changed. */
const CI_SEED = 20_261_122;
const SEED = Number(
  process.env.SEED ?? (process.env.CI === undefined ? Math.floor(Math.random() * 2 ** 31) : CI_SEED),
);
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
  // The timer of a job fires some ms after the instant.
  const nearMs = draw.whole(-3 * HOUR_MS, 3 * HOUR_MS);
  return changes.length > 0 && draw.chance(0.6)
    ? { cronTime, timeZone, fromMs: draw.one(changes) + nearMs }
    : { cronTime, timeZone, fromMs: anyMs };
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
      for (let count = 0; count < EXPRESSIONS; count++) {
        const question = drawQuestion(draw);
        const schedule = scheduleOf(question);
        vi.setSystemTime(question.fromMs);
        const tick = schedule.nextAfter(question.fromMs);
        if (tick === undefined) continue;
        const betweenMs = draw.whole(Math.max(question.fromMs, tick - 3 * HOUR_MS), tick - 1);
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
