/** How cron expressions are looked at: by their fields, without the parser's search, and once for all tasks that share one. */

import { CronTime } from 'cron';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { requirePeriod } from '#src/protocol/schedules/period.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { CronFields } from '#src/tasks/cron-fields.js';
import { RememberedOffsets } from '#src/tasks/remembered-offsets.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { drawFrom, randomExpression, ZONES } from '../../support/cron/random-expression.js';
import { zoneChanges } from '../../support/cron/zone-changes.js';

const FROM_MS = Date.parse('2026-03-27T12:00:00Z');
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const cron = (cronTime: string, timeZone = 'Europe/Berlin'): CronSchedule =>
  new CronSchedule('report', { kind: 'cron', cronTime, timeZone, utcOffset: undefined });

function ticksOf(schedule: Schedule, most: number, fromMs = FROM_MS): readonly number[] {
  const ticks: number[] = [];
  for (let tick = schedule.nextAfter(fromMs); tick !== undefined && ticks.length < most; ) {
    ticks.push(tick);
    tick = schedule.nextAfter(tick);
  }
  return ticks;
}

function zoneOf(name: string): { offset(epochMs: number): number } {
  return new CronTime('* * * * * *').getNextDateFrom(new Date(0), name).zone;
}

describe('a cron expression', () => {
  it('is searched without the parser, over a change of clocks too', () => {
    cron('30 0 0 1 1 *');
    const search = vi.spyOn(CronTime.prototype, 'getNextDateFrom');
    onTestFinished(() => search.mockRestore());
    expect(ticksOf(cron('7 */2 * * * *'), 2_000)).toHaveLength(2_000);
    expect(search).not.toHaveBeenCalled();
  });

  it('is read once for all tasks that have it in one zone', () => {
    const read = vi.spyOn(CronTime.prototype as unknown as { _parse(): void }, '_parse');
    onTestFinished(() => read.mockRestore());
    const schedules = Array.from({ length: 50 }, () => cron('11 22 3 * * *'));
    expect(read).toHaveBeenCalledTimes(1);
    const ask = vi.spyOn(CronFields.prototype, 'nextAfter');
    onTestFinished(() => ask.mockRestore());
    const answers = new Set(schedules.map((schedule, index) => schedule.nextAfter(FROM_MS + index)));
    expect(answers.size).toBe(1);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('keeps apart what is the same in another zone', () => {
    const [berlin, tokyo] = [cron('0 3 * * *'), cron('0 3 * * *', 'Asia/Tokyo')];
    expect(berlin.nextAfter(FROM_MS)).not.toBe(tokyo.nextAfter(FROM_MS));
  });

  it('is due at the same ticks where the fields of the parser cannot be read', () => {
    const draw = drawFrom(new SeededRandom(20_261_129));
    for (let count = 0; count < 40; count += 1) {
      const [expression, zone] = [randomExpression(draw), draw.one(ZONES)];
      if (expression.startsWith('@')) continue;
      const fields = vi.spyOn(CronFields, 'of').mockReturnValue(undefined);
      onTestFinished(() => fields.mockRestore());
      // Another text, so that it is read anew.
      const slow = cron(` ${expression}`, zone);
      fields.mockRestore();
      expect(ticksOf(cron(expression, zone), 4), `${expression} in ${zone}`).toEqual(ticksOf(slow, 4));
    }
  });

  it.each([
    ['* * * * * *', SECOND_MS],
    ['* * * * *', MINUTE_MS],
    ['*/7 * * * *', 4 * MINUTE_MS],
    ['58 1,59 * * * *', 2 * MINUTE_MS],
    ['0,59 0 3 * * *', 59 * SECOND_MS],
    ['0 9-17 * * 1-5', HOUR_MS],
    ['0 0,23 * * *', HOUR_MS],
    ['0 0,23 * * 1,4', 23 * HOUR_MS],
    ['30 2 * * *', DAY_MS],
    ['30 2 1,31 * *', DAY_MS],
    ['30 2 1 * 1', DAY_MS],
    ['30 2 1 * *', 28 * DAY_MS],
    ['0 0 29 2 *', 1_461 * DAY_MS],
  ])('%s has a shortest gap of %i ms, whatever the day', (expression, gapMs) => {
    expect(cron(expression).shortestGapMs).toBe(gapMs);
  });

  it('has no two ticks that are nearer to each other than its shortest gap, where no clock is turned', () => {
    const draw = drawFrom(new SeededRandom(20_261_130));
    for (let count = 0; count < 300; count += 1) {
      const expression = randomExpression(draw);
      const schedule = cron(expression, 'UTC');
      const ticks = ticksOf(schedule, 300, FROM_MS + draw.whole(0, 365) * DAY_MS);
      const gaps = ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0));
      const shortestMs = schedule.shortestGapMs ?? Number.POSITIVE_INFINITY;
      expect(Math.min(...gaps), expression).toBeGreaterThanOrEqual(shortestMs);
    }
  });

  it('is judged by its fields, from wherever it is looked at', () => {
    // A second apart only once a minute, and not within the next 16 ticks after the 41st second.
    const task = {
      name: 'report',
      schedule: cron('*/2,41 * * * * *'),
      handler: () => undefined,
      maxLatenessMs: 900,
    };
    const minuteMs = FROM_MS - (FROM_MS % MINUTE_MS);
    for (const second of [0, 30, 43, 59]) {
      const nowMs = minuteMs + second * SECOND_MS;
      expect(() => requirePeriod(task, nowMs, 5), `from second ${second}`).toThrow('DSCHED_DURATIONS');
    }
  });
});

describe('the offsets of a zone', () => {
  it('are those that the zone says, around every change of clocks and between', () => {
    const draw = drawFrom(new SeededRandom(20_261_131));
    const untilMs = FROM_MS + 400 * DAY_MS;
    for (const name of ZONES) {
      const zone = zoneOf(name);
      const remembered = new RememberedOffsets(zone);
      const nearChanges = zoneChanges(name, FROM_MS, untilMs).flatMap((turnMs) =>
        [-HOUR_MS, -SECOND_MS, -1, 0, SECOND_MS, HOUR_MS].map((ms) => turnMs + ms),
      );
      const anywhere = Array.from({ length: 50 }, () => draw.whole(FROM_MS, untilMs));
      for (const epochMs of [...nearChanges, ...anywhere])
        expect(remembered.offset(epochMs), `${name} at ${epochMs}`).toBe(zone.offset(epochMs));
    }
  });

  it('are asked for once a day', () => {
    const zone = zoneOf('Europe/Berlin');
    const ask = vi.fn((epochMs: number) => zone.offset(epochMs));
    const remembered = new RememberedOffsets({ offset: ask });
    const dayMs = FROM_MS - (FROM_MS % DAY_MS);
    for (let minute = 0; minute < 24 * 60; minute += 1) remembered.offset(dayMs + minute * MINUTE_MS);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
