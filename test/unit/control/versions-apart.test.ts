import { describe, expect, it } from 'vitest';
import { BoardStage } from '../protocol/board/board-stage.js';
import { SEEN_MS } from './pair.js';
import { cron, everyMs, Version } from './version.js';

const EVERY_HOUR = cron('0 0 * * * *');
const AT_HALF_PAST = cron('0 30 * * * *');
const EVERY_MINUTE = cron('0 * * * * *');

const newStage = (): BoardStage => new BoardStage({ boards: 0 });

/** What an instance has been told, newest last. */
const conditionsOf = (version: Version): unknown[] =>
  version.events.map(({ task, condition, isActive }) => [task, condition, isActive]);

describe('an instance of an older version leaves a task to the newer one', () => {
  it('where it is due more often there, and goes on by its own schedule when that version has gone', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(SEEN_MS);
    const renewed = await Version.start(stage, { report: EVERY_MINUTE });
    await stage.clock.advance(SEEN_MS);
    expect(old.scheduled.has('report')).toBe(false);
    expect(old.task('report')).toMatchObject({ state: 'left_alone', source: 'code' });
    expect(old.task('report').base?.description).toContain('0 * * * * *');
    expect(old.events.at(-1)?.detail).toContain('which is more often');
    expect(renewed.nextTick('report')).toBe('00:01:00.000');
    await renewed.die();
    await stage.clock.advance(12 * SEEN_MS);
    expect(old.nextTick('report')).toBe('01:00:00.000');
    expect(conditionsOf(old)).toEqual([
      ['report', 'left_to_newer', true],
      ['report', 'left_to_newer', false],
    ]);
    expect(renewed.events).toEqual([]);
  });

  it('but follows it with the option, and says that it is more often', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR }, [], { followMoreFrequent: true });
    await stage.clock.advance(SEEN_MS);
    await Version.start(stage, { report: EVERY_MINUTE });
    await stage.clock.advance(SEEN_MS);
    expect(old.nextTick('report')).toBe('00:01:00.000');
    expect(old.events).toMatchObject([
      { condition: 'follows_newer', isActive: true, detail: expect.stringContaining('which is more often') },
    ]);
  });

  it('where it runs with other policies, also by the same schedule', async () => {
    for (const schedule of [EVERY_HOUR, AT_HALF_PAST]) {
      const stage = newStage();
      const old = await Version.start(stage, { report: EVERY_HOUR });
      await stage.clock.advance(SEEN_MS);
      await Version.start(stage, { report: schedule }, [], { options: { overlap: 'allow' } });
      await stage.clock.advance(SEEN_MS);
      expect(old.scheduled.has('report')).toBe(false);
      expect(old.events.at(-1)).toMatchObject({
        condition: 'left_to_newer',
        detail: expect.stringContaining('other policies'),
      });
    }
  });

  it('where its schedule cannot be used here, and says why', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: everyMs(5_000) });
    await stage.clock.advance(SEEN_MS);
    const newer = await Version.start(stage, { report: everyMs(60_000) });
    await stage.clock.advance(SEEN_MS);
    const [set] = newer.board.list('set:').filter(({ value }) => value.includes('60000'));
    const spoilt = set?.value.replace('"everyMs":60000', '"cron":"bad"') ?? '';
    await stage.ending(old.board.put(set?.key ?? '', spoilt));
    await stage.clock.advance(SEEN_MS);
    expect(old.scheduled.has('report')).toBe(false);
    expect(old.task('report').base).toBeUndefined();
    expect(old.events.at(-1)).toMatchObject({
      condition: 'left_to_newer',
      detail: expect.stringContaining('DSCHED_BAD_SCHEDULE'),
    });
  });

  it('where only the code of that version knows when it is due', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(SEEN_MS);
    await Version.start(stage, { report: { kind: 'timeout', delayMs: 600_000 } });
    await stage.clock.advance(SEEN_MS);
    expect(old.scheduled.has('report')).toBe(false);
    expect(old.events.at(-1)).toMatchObject({ condition: 'left_to_newer' });
  });

  it('but not a timeout: each deployment has its own', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { warm: { kind: 'timeout', delayMs: 600_000 } });
    await stage.clock.advance(SEEN_MS);
    await Version.start(stage, { warm: { kind: 'timeout', delayMs: 600_000 } }, [], {
      options: { overlap: 'allow' },
    });
    await stage.clock.advance(SEEN_MS);
    expect(old.scheduled.has('warm')).toBe(true);
    expect(old.events).toEqual([]);
  });

  it('but not one that is switched off there: nobody would run it', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(SEEN_MS);
    const off = await Version.start(stage, { report: EVERY_MINUTE }, [], { options: { disabled: true } });
    await stage.clock.advance(SEEN_MS);
    expect(old.nextTick('report')).toBe('01:00:00.000');
    expect(old.events).toEqual([]);
    expect(off.task('report').state).toBe('disabled');
    expect(off.events).toEqual([]);
  });
});

describe('an instance that cannot use the schedule which was decided', () => {
  it('leaves the task alone: its own schedule would run beside that one', async () => {
    const stage = newStage();
    const one = await Version.start(stage, { report: everyMs(5_000) });
    await stage.clock.advance(SEEN_MS);
    const record = { schedule: { cron: 'bad' }, sinceMs: stage.clock.wallMs() };
    await stage.ending(one.room.put('plan:report', JSON.stringify(record)));
    expect(one.scheduled.has('report')).toBe(false);
    expect(one.task('report').state).toBe('left_alone');
    expect(conditionsOf(one)).toEqual([['report', 'unusable', true]]);
    await stage.ending(one.room.delete('plan:report'));
    expect(one.scheduled.has('report')).toBe(true);
    expect(conditionsOf(one).at(-1)).toEqual(['report', 'unusable', false]);
  });
});
