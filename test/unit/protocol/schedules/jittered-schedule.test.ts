import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { IntervalSchedule } from '#src/protocol/schedules/interval.schedule.js';
import { JitteredSchedule } from '#src/protocol/schedules/jittered.schedule.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';

const FROM_MS = Date.parse('2025-01-01');
const UNTIL_MS = Date.parse('2027-01-01');
const EXPRESSIONS = [
  '*/7 * * * * *',
  '0-5,30 * * * *',
  '0 9,17 * * 1-5',
  '@daily',
  '30 2 * * *',
  '0 0 1 * *',
];

const cron = (cronTime: string): CronSchedule =>
  new CronSchedule('report', { kind: 'cron', cronTime, timeZone: 'Europe/Vienna' });

const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constantFrom(...EXPRESSIONS).map(cron),
  fc.integer({ min: 1, max: 5_000_000 }).map((periodMs) => new IntervalSchedule('report', periodMs)),
);
const jitters = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 86_400_000 }));
const instants = fc.integer({ min: FROM_MS, max: UNTIL_MS });

describe('a schedule with jitter', () => {
  it('moves each instant by less than jitterMs and less than half of the way to the next, none twice and none lost', () => {
    fc.assert(
      fc.property(schedules, jitters, instants, (base, jitterMs, from) => {
        const jittered = new JitteredSchedule('report', base, jitterMs);
        let instant = base.nextAfter(from);
        let moved = jittered.nextAfter((instant ?? 0) - 1);
        for (let count = 0; count < 5 && instant !== undefined; count++) {
          const successor = base.nextAfter(instant);
          const room = Math.min(jitterMs, ((successor ?? Number.POSITIVE_INFINITY) - instant) / 2);
          expect(moved).toBeGreaterThanOrEqual(instant);
          expect(moved).toBeLessThan(instant + Math.max(1, room));
          instant = successor;
          moved = jittered.nextAfter(moved ?? 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('answers alike from wherever it is asked: there is no tick between two ticks', () => {
    fc.assert(
      fc.property(
        schedules,
        jitters,
        instants,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (base, jitterMs, from, share) => {
          const jittered = new JitteredSchedule('report', base, jitterMs);
          const first = jittered.nextAfter(from) ?? 0;
          const second = jittered.nextAfter(first) ?? 0;
          expect(first).toBeGreaterThan(from);
          expect(second).toBeGreaterThan(first);
          expect(jittered.nextAfter(first + Math.floor((second - first) * share))).toBe(second);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is the same on every instance and in every release', () => {
    const everyMinute = new IntervalSchedule('report', 60_000);
    const ticksOf = (task: string): number[] => {
      const jittered = new JitteredSchedule(task, everyMinute, 30_000);
      const first = jittered.nextAfter(FROM_MS) ?? 0;
      return [first, jittered.nextAfter(first) ?? 0].map((tick) => tick - FROM_MS);
    };
    // Of an instance that runs another release the same must come out: a changed hash would double these ticks.
    expect(ticksOf('report')).toEqual([21_922, 72_860]);
    expect(ticksOf('report 2')).toEqual([9_506, 64_435]);
  });

  it('spreads tasks of one expression evenly', () => {
    const everyMinute = new IntervalSchedule('report', 60_000);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let task = 0; task < 10_000; task++) {
      const moved = new JitteredSchedule(`task ${task}`, everyMinute, 10_000).nextAfter(FROM_MS - 1) ?? 0;
      const bucket = Math.floor((moved - FROM_MS) / 1_000);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(Math.min(...buckets)).toBeGreaterThan(900);
    expect(Math.max(...buckets)).toBeLessThan(1_100);
  });

  it('of a schedule that is due once moves that instant by less than jitterMs', () => {
    const once: Schedule = {
      description: 'once',
      nextAfter: (epochMs) => (epochMs < FROM_MS ? FROM_MS : undefined),
    };
    const jittered = new JitteredSchedule('report', once, 1_000);
    const tick = jittered.nextAfter(0) ?? 0;
    expect(tick).toBeGreaterThanOrEqual(FROM_MS);
    expect(tick).toBeLessThan(FROM_MS + 1_000);
    expect(jittered.nextAfter(tick)).toBeUndefined();
  });

  it('describes itself with its spread', () => {
    expect(new JitteredSchedule('report', cron('0 3 * * *'), 60_000).description).toBe(
      '0 3 * * * (Europe/Vienna), spread over 60000 ms',
    );
  });
});
