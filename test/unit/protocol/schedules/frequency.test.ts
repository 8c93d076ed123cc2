import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { isMoreFrequent } from '#src/protocol/schedules/frequency.js';
import { JitteredSchedule } from '#src/protocol/schedules/jittered.schedule.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { SingleHourSchedule } from '#src/tasks/single-hour.schedule.js';
import { every } from '../../../support/tasks.js';

const NOW_MS = Date.UTC(2026, 10, 29, 12, 0, 0);

const cron = (cronTime: string, timeZone = 'Europe/Vienna'): Schedule =>
  new CronSchedule('task', { kind: 'cron', cronTime, timeZone });
const once = (tick: number): Schedule => ({
  description: 'once',
  nextAfter: (epochMs) => (epochMs < tick ? tick : undefined),
});

describe('whether a schedule is due more often than another', () => {
  it.each<[string, string]>([
    ['* * * * * *', '0 0 3 1 * *'],
    ['0 * * * * *', '0 0 * * * *'],
    ['0 0 3 * * *', '0 0 3 * * 1'],
    ['0 0 3 * * 1,4', '0 0 3 * * 1'],
    ['0 0 3 1,15 * *', '0 0 3 1 * *'],
    ['0,30 * * * * *', '0 * * * * *'],
    // Fewer ticks a week, but one right after the other.
    ['0 0,5 3 * * 1', '0 0 3 * * *'],
    ['* * 3 24 12 *', '0 0 * * * *'],
  ])('%s is more often than %s', (one, other) => {
    expect(isMoreFrequent(cron(one), cron(other), NOW_MS)).toBe(true);
  });

  it.each<[string, string]>([
    ['0 30 * * * *', '0 0 * * * *'],
    ['0 0 4 * * *', '0 0 3 * * *'],
    ['0 30 2 * * *', '0 0 12 * * *'],
    ['0 0 3 15 * *', '0 0 3 1 * *'],
    ['0 0 9 * * 1-5', '0 0 9 * * *'],
    ['30 * * * * *', '0 * * * * *'],
    ['0 0 3 1 * *', '* * * * * *'],
  ])('%s is not more often than %s', (one, other) => {
    expect(isMoreFrequent(cron(one), cron(other), NOW_MS)).toBe(false);
  });

  it('does not depend on when in the year it is asked about a change of the hour', () => {
    for (const fromMs of [Date.UTC(2026, 2, 28, 5, 17), Date.UTC(2026, 9, 1, 5, 17)]) {
      expect(isMoreFrequent(cron('0 30 2 * * *'), cron('0 15 14 * * *'), fromMs)).toBe(false);
      expect(isMoreFrequent(cron('0 30 */2 * * *'), cron('0 0 */2 * * *'), fromMs)).toBe(false);
      // An hour apart on the one day on which clocks go back.
      expect(isMoreFrequent(cron('0 0 3 * * *'), cron('0 0 12 * * *'), fromMs)).toBe(false);
    }
  });

  it('is not changed by what is done when clocks go back', () => {
    const twice = new CronSchedule('task', {
      kind: 'cron',
      cronTime: '0 3 * * *',
      timeZone: 'Europe/Vienna',
    });
    const fromMs = Date.UTC(2026, 9, 1, 5, 17);
    expect(isMoreFrequent(twice, new SingleHourSchedule(twice), fromMs)).toBe(false);
    expect(isMoreFrequent(new JitteredSchedule('task', twice, 60_000), twice, fromMs)).toBe(false);
  });

  it('is decided by the periods of two intervals, but for less than a 64th', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 10_000_000 }),
        fc.integer({ min: 100, max: 10_000_000 }),
        (one, other) => {
          const isMore = isMoreFrequent(every(one), every(other), NOW_MS);
          if (one >= other) expect(isMore).toBe(false);
          if (one < other * (1 - 2 / 64)) expect(isMore).toBe(true);
        },
      ),
    );
  });

  it('looks through jitter, which makes no ticks', () => {
    const jittered = new JitteredSchedule('task', every(60_000), 30_000);
    expect(isMoreFrequent(jittered, every(60_000), NOW_MS)).toBe(false);
    expect(isMoreFrequent(jittered, every(120_000), NOW_MS)).toBe(true);
  });

  it('takes one more instant for no more often, and many for more', () => {
    expect(isMoreFrequent(once(NOW_MS + 5_000), once(NOW_MS + 9_000), NOW_MS)).toBe(false);
    expect(isMoreFrequent(once(NOW_MS + 5_000), once(NOW_MS - 9_000), NOW_MS)).toBe(false);
    expect(isMoreFrequent(once(NOW_MS - 1), every(1_000), NOW_MS)).toBe(false);
    expect(isMoreFrequent(every(3_600_000), once(NOW_MS + 5_000), NOW_MS)).toBe(true);
  });

  it('takes what cannot be told for more often', () => {
    const unknown: Schedule = {
      description: 'unknown',
      nextAfter: () => {
        throw new Error('not now');
      },
    };
    expect(isMoreFrequent(unknown, every(1_000), NOW_MS)).toBe(true);
    expect(isMoreFrequent(every(1_000), unknown, NOW_MS)).toBe(true);
    expect(isMoreFrequent({ description: '', nextAfter: () => Number.NaN }, every(1_000), NOW_MS)).toBe(true);
  });
});
