/** Where `dst: 'once'` may stand, and where it shows. */

import { Injectable } from '@nestjs/common';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import {
  CronExclusive,
  DistributedScheduleRegistry,
  Exclusive,
  ExclusiveHandler,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { definitionSetOf } from '#src/control/definition-set.js';
import { taskLines } from '#src/messages/boot-lines.js';
import type { CronDefinition } from '#src/tasks/exclusive-task.js';
import { definitionOf } from '#src/tasks/schedule-data.js';
import { createTaskBlueprint } from '#src/tasks/task-blueprint.js';
import { Version } from '../control/version.js';
import { bootApp, bootError } from '../nest/nest-app.js';
import { BoardStage } from '../protocol/board/board-stage.js';

const WORDS = '0 2 * * * (America/New_York), once when clocks go back';
const NEW_YORK: CronDefinition = { kind: 'cron', cronTime: '0 2 * * *', timeZone: 'America/New_York' };
const BEFORE_MS = Date.parse('2026-11-01T05:30:00Z');

function blueprint(schedule: object, options: object = {}) {
  return createTaskBlueprint(
    {
      decorator: '@Exclusive',
      options: { name: 'report', ...options },
      schedule: schedule as CronDefinition,
    },
    { className: 'Report', method: 'run' },
    { nowMs: BEFORE_MS, defaults: {} },
  );
}

@Injectable()
class Jobs {
  @CronExclusive('0 2 * * *', { name: 'own', timeZone: 'America/New_York', dst: 'once' })
  own(): void {}

  @Exclusive({ name: 'above', dst: 'once' })
  @Cron('0 2 * * *', { timeZone: 'America/New_York' })
  above(): void {}

  @Cron('0 2 * * *', { timeZone: 'America/New_York' })
  @Exclusive({ name: 'below', dst: 'once' })
  below(): void {}

  @CronExclusive('0 2 * * *', { name: 'plain', timeZone: 'America/New_York' })
  plain(): void {}

  @ExclusiveHandler({ name: 'send' })
  send(): void {}
}

describe("dst: 'once'", () => {
  it('stands at each decorator that a time zone belongs to, and at what is added and rescheduled', async () => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [Jobs] });
    const registry = app.get(DistributedScheduleRegistry);
    const zone = { timeZone: 'America/New_York' } as const;
    await registry.add({ name: 'added', runs: 'send', cron: '0 2 * * *', ...zone, dst: 'once' });
    await registry.reschedule('plain', { cron: '0 2 * * *', ...zone, dst: 'once' });
    for (const name of ['own', 'above', 'below', 'added', 'plain']) {
      await expect.poll(() => registry.get(name).schedule).toBe(WORDS);
    }
    await registry.restoreSchedule('plain');
    await expect.poll(() => registry.get('plain').schedule).toBe('0 2 * * * (America/New_York)');
  });

  it('is what the task is due by, with jitter or without', () => {
    const due = (schedule: object, options: object = {}) => {
      const tick = blueprint(schedule, options).schedule.nextAfter(BEFORE_MS);
      return new Date(tick ?? 0).toISOString().slice(11, 16);
    };
    expect(due(NEW_YORK)).toBe('06:00');
    expect(due({ ...NEW_YORK, dst: 'once' })).toBe('07:00');
    expect(due(NEW_YORK, { dst: 'once' })).toBe('07:00');
    expect(due(NEW_YORK, { dst: 'once', jitterMs: 2 })).toBe('07:00');
    expect(due(definitionOf({ cron: '0 2 * * *', timeZone: 'America/New_York', dst: 'once' }))).toBe('07:00');
  });

  it('goes by the zone of the process where none is given', () => {
    expect(blueprint({ kind: 'cron', cronTime: '0 2 * * *', dst: 'once' }).schedule.description).toMatch(
      /^0 2 \* \* \* \(.+\), once when clocks go back$/,
    );
  });

  it('stands in the line of the boot, which goes on naming the next tick in the zone of the task', () => {
    const { schedule } = blueprint(NEW_YORK, { dst: 'once', jitterMs: 1 });
    const planned = {
      name: 'report',
      base: schedule,
      source: 'code',
      state: 'active',
      signature: '',
    } as const;
    const [line] = taskLines({
      planned: [{ ...planned, conditions: new Map() }],
      handlers: [],
      whyNotHere: () => undefined,
      nowMs: BEFORE_MS,
    });
    expect(line).toBe(
      `Scheduled {report, ${WORDS}, spread over 1 ms}, next 2026-11-01 02:00:00 America/New_York`,
    );
  });
});

describe('versions of an app with and without it', () => {
  it('define the task otherwise, and say so', async () => {
    const [plain, once] = [blueprint(NEW_YORK), blueprint(NEW_YORK, { dst: 'once' })].map((task) =>
      definitionSetOf([task]).get('report'),
    );
    expect(plain?.schedule).toEqual({ cron: '0 2 * * *', timeZone: 'America/New_York' });
    expect(once?.schedule).toEqual({ ...plain?.schedule, dst: 'once' });
    expect(once?.fingerprint).not.toBe(plain?.fingerprint);
    const stage = new BoardStage({ boards: 0 });
    const old = await Version.start(stage, { report: NEW_YORK });
    await stage.clock.advance(1_000);
    await Version.start(stage, { report: { ...NEW_YORK, dst: 'once' } });
    await stage.clock.advance(1_000);
    expect(old.task('report').base?.description).toBe(WORDS);
    expect(old.events.at(-1)).toMatchObject({
      condition: 'follows_newer',
      detail: expect.stringContaining(WORDS),
    });
  });
});

describe('dst is refused', () => {
  it.each<[string, object, object, string]>([
    ['with another word', NEW_YORK, { dst: 'twice' }, `option dst is "twice"; it takes 'once'`],
    ['as null', { ...NEW_YORK, dst: null }, {}, "option dst is null; it takes 'once'"],
    [
      'beside an offset',
      { kind: 'cron', cronTime: '0 2 * * *', utcOffset: 60 },
      { dst: 'once' },
      'option dst is "once"; it takes nothing beside utcOffset, which is the same all year',
    ],
    [
      'with a Date',
      { kind: 'cron', cronTime: new Date('2030-01-01') },
      { dst: 'once' },
      'it takes nothing for a Date',
    ],
    ['with an interval', { kind: 'interval', periodMs: 60_000 }, { dst: 'once' }, 'nothing for an interval'],
    ['with a timeout', { kind: 'timeout', delayMs: 60_000 }, { dst: 'once' }, 'nothing for a timeout'],
  ])('%s', (_case, schedule, options, message) => {
    expect(() => blueprint(schedule, options)).toThrow(message);
    expect(() => blueprint(schedule, options)).toThrow("DSCHED_BAD_OPTION: task 'report'");
  });

  it('at @Exclusive over @Interval and @Timeout, when the app boots', async () => {
    @Injectable()
    class Sweep {
      @Exclusive({ dst: 'once' })
      @Interval(60_000)
      run(): void {}
    }
    @Injectable()
    class Later {
      @Exclusive({ dst: 'once' })
      @Timeout(60_000)
      run(): void {}
    }
    for (const provider of [Sweep, Later]) {
      const { message } = await bootError(bootApp({ providers: [provider] }));
      expect(message).toContain(`DSCHED_BAD_OPTION: task '${provider.name}.run': option dst is "once"`);
    }
  });

  it('at decorators that know no zone, while the class is made', () => {
    expect(() => IntervalExclusive(60_000, { dst: 'once' } as object)).toThrow(
      "DSCHED_UNKNOWN_OPTION: @IntervalExclusive has no option 'dst'. It takes",
    );
  });

  it('of what is added or rescheduled without a cron expression in a zone', async () => {
    const { app } = await bootApp({ providers: [Jobs] });
    const registry = app.get(DistributedScheduleRegistry);
    const add = (schedule: object) => registry.add({ name: 'added', runs: 'send', ...schedule } as never);
    await expect(add({ everyMs: 60_000, dst: 'once' })).rejects.toThrow("it takes 'once' only beside cron");
    await expect(add({ cron: '0 2 * * *', utcOffset: 60, dst: 'once' })).rejects.toThrow('beside utcOffset');
    await expect(add({ cron: '0 2 * * *', dst: 'never' })).rejects.toThrow("it takes 'once'");
    await expect(registry.reschedule('plain', { everyMs: 60_000, dst: 'once' } as never)).rejects.toThrow(
      "it takes 'once' only beside cron",
    );
    expect(registry.has('added')).toBe(false);
  });
});
