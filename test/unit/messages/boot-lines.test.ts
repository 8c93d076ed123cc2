import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '#src/control/planned-task.js';
import { type InstanceFacts, instanceLine, type TaskFacts, taskLines } from '#src/messages/boot-lines.js';
import { wholePeriod } from '#src/protocol/contract/spoken.js';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { EverySecondSchedule } from '#src/protocol/schedules/every-second.schedule.js';
import { IntervalSchedule } from '#src/protocol/schedules/interval.schedule.js';
import { JitteredSchedule } from '#src/protocol/schedules/jittered.schedule.js';
import { TimeoutSchedule } from '#src/protocol/timeouts/timeout.schedule.js';
import { CronSchedule } from '#src/tasks/cron.schedule.js';
import { zonedTime } from '#src/tasks/instant-words.js';
import { processZone } from '#src/tasks/process-zone.js';

const NOW = Date.parse('2026-07-01T12:00:00.5Z');
const HERE = processZone() ?? 'UTC';

const planned = (name: string, base: Schedule, more: Partial<PlannedTask> = {}): PlannedTask => ({
  ...{ name, base, source: 'code', state: 'active', signature: '', conditions: new Map() },
  ...more,
});
const linesOf = (facts: Partial<TaskFacts>): readonly string[] =>
  taskLines({ planned: [], handlers: [], whyNotHere: () => undefined, nowMs: NOW, ...facts });
const cron = (definition: object): Schedule =>
  new CronSchedule('report', { kind: 'cron', cronTime: '0 3 * * *', ...definition });

describe('the line for the cluster', () => {
  const facts: InstanceFacts = {
    ...{ instanceId: 'web-1-0123456789ab', namespace: 'shop-production', app: 'shop-api', isReplaced: false },
    ...{ nodes: 3, enabled: true },
    strength: 'quorum',
  };

  it('says who this instance is and what the store can promise', () => {
    expect(instanceLine(facts)).toBe(
      "Instance web-1-0123456789ab of app 'shop-api' in namespace 'shop-production' on 3 nodes (quorum)",
    );
    expect(instanceLine({ ...facts, nodes: 1, strength: 'single' })).toMatch(/on 1 node \(single\)$/);
    expect(instanceLine({ ...facts, nodes: 1, strength: 'best_effort' })).toMatch(
      /on 1 node \(best_effort\)$/,
    );
    expect(instanceLine({ ...facts, strength: 'memory' })).toMatch(/on the memory of this process$/);
    expect(instanceLine({ ...facts, strength: 'memory', isReplaced: true })).toMatch(/a ledger of its own$/);
  });

  it('says that an instance runs nothing', () => {
    expect(instanceLine({ ...facts, enabled: false })).toMatch(
      / \(quorum\)\. It runs no tasks, as its option enabled is false$/,
    );
  });
});

describe('the lines for the tasks', () => {
  it('name the schedule in words, and the next tick in the zone that the task goes by', () => {
    expect(
      linesOf({
        planned: [
          planned('settle', new EverySecondSchedule()),
          planned('sweep', new IntervalSchedule('sweep', 5_000)),
          planned('report', cron({ timeZone: 'Asia/Kolkata' })),
          planned('offset', cron({ utcOffset: -210 })),
          planned('spread', new JitteredSchedule('spread', cron({ timeZone: 'Asia/Kolkata' }), 1)),
        ],
        handlers: ['send-mail'],
      }),
    ).toEqual([
      `Scheduled {settle, every second}, next ${zonedTime(NOW + 500, HERE)}`,
      `Scheduled {sweep, every 5 s}, next ${zonedTime(NOW + 4_500, HERE)}`,
      'Scheduled {report, 0 3 * * * (Asia/Kolkata)}, next 2026-07-02 03:00:00 Asia/Kolkata',
      'Scheduled {offset, 0 3 * * * (UTC-03:30)}, next 2026-07-02 03:00:00 UTC-03:30',
      'Scheduled {spread, 0 3 * * * (Asia/Kolkata), spread over 1 ms}, next 2026-07-02 03:00:00 Asia/Kolkata',
      'Ready {send-mail, when added}',
    ]);
  });

  it('say of a timeout that it runs once', () => {
    const once = new TimeoutSchedule(NOW + 5_000, 'once, 5000 ms after the boot of build 7');
    expect(linesOf({ planned: [planned('warm-up', once)] })[0]).toMatch(
      /^Scheduled \{warm-up, once per deployment key, 5 s after the first boot of 'build 7'\}, next 2026-/,
    );
  });

  it('say what was decided, and why a task does not run here', () => {
    const daily = cron({ timeZone: 'UTC' });
    expect(
      linesOf({
        planned: [
          planned('paused', { ...daily, nextAfter: () => undefined, description: 'x' }, { state: 'paused' }),
          planned('moved', daily, { conditions: new Map([['rescheduled', 'by somebody']]) }),
          planned('added', daily, { source: 'runtime' }),
          planned('off', daily, { state: 'disabled' }),
          planned('theirs', daily, {
            state: 'left_alone',
            conditions: new Map([['other_app', "app 'b' had it"]]),
          }),
          planned('unseen', daily, {
            state: 'left_alone',
            conditions: new Map([['elsewhere', 'another version']]),
          }),
        ],
        whyNotHere: ({ name }) => (name === 'added' ? 'it wants the labels eu' : undefined),
      }),
    ).toEqual([
      'Scheduled {paused, x}, paused, nothing is due',
      'Scheduled {moved, 0 3 * * * (UTC), rescheduled}, next 2026-07-02 03:00:00 UTC',
      'Scheduled {added, 0 3 * * * (UTC), added at run time}, next 2026-07-02 03:00:00 UTC, not here: it wants the labels eu',
      'Off {off}: switched off on this instance',
      "Left alone {theirs}: app 'b' had it",
    ]);
  });

  it('are 50 at most, and then one with how many there are more', () => {
    const many = (count: number) =>
      linesOf({
        planned: Array.from({ length: count }, (_, index) => planned(`t${index}`, new EverySecondSchedule())),
      });
    expect(many(50)).toHaveLength(50);
    expect(many(953)).toHaveLength(51);
    expect(many(953).at(-1)).toBe('… and 903 more tasks: DistributedScheduleRegistry.list() has all of them');
  });
});

describe('an instant and a period in words', () => {
  it('have a zone also where the zone is not known', () => {
    expect(zonedTime(NOW, 'Europe/Berlin')).toBe('2026-07-01 14:00:00 Europe/Berlin');
    expect(zonedTime(NOW, 'Mars/Olympus')).toBe('2026-07-01 12:00:00 UTC');
    expect(zonedTime(NOW, 'UTC+05:30')).toBe('2026-07-01 17:30:00 UTC+05:30');
  });

  it('take the largest unit that fits', () => {
    expect([1, 1_500, 5_000, 90_000, 300_000, 7_200_000, 172_800_000].map(wholePeriod)).toEqual([
      ...['1 ms', '1500 ms', '5 s', '90 s', '5 min', '2 h', '2 d'],
    ]);
  });
});
