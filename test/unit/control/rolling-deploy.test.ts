import { describe, expect, it } from 'vitest';
import { BoardStage } from '../protocol/board/board-stage.js';
import { SEEN_MS } from './pair.js';
import { cron, everyMs, Version } from './version.js';

const EVERY_HOUR = cron('0 0 * * * *');
const AT_HALF_PAST = cron('0 30 * * * *');

const newStage = (): BoardStage => new BoardStage({ boards: 0 });

describe('during a rolling deploy', () => {
  it('an older instance follows the schedule of the newer version, and says so once', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(3 * SEEN_MS);
    expect(old.nextTick('report')).toBe('01:00:00.000');
    const renewed = await Version.start(stage, { report: AT_HALF_PAST });
    await stage.clock.advance(SEEN_MS);
    expect(renewed.nextTick('report')).toBe('00:30:00.000');
    expect(old.nextTick('report')).toBe('00:30:00.000');
    await stage.clock.advance(20 * SEEN_MS);
    const told = old.events.filter(
      ({ task, condition }) => task === 'report' && condition === 'follows_newer',
    );
    expect(told).toMatchObject([{ isActive: true, detail: expect.stringContaining('0 30 * * * *') }]);
    expect(renewed.events).toEqual([]);
  });

  it('the newer version counts for intervals and every second too, both ways', async () => {
    const stage = newStage();
    const old = await Version.start(stage, {
      sweep: everyMs(500),
      beat: everyMs(1_000),
      poll: { kind: 'every_second' },
    });
    await stage.clock.advance(SEEN_MS);
    await Version.start(stage, {
      sweep: { kind: 'every_second' },
      beat: cron('*/10 * * * * *'),
      poll: everyMs(2_000),
    });
    await stage.clock.advance(SEEN_MS);
    expect(old.task('sweep').base?.description).toBe('every second');
    expect(old.task('beat').base?.description).toBe('*/10 * * * * * (UTC)');
    expect(old.task('poll').base?.description).toBe('every 2 s');
  });

  it('the old definition counts again when the last instance of the newer version has left: a roll-back', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(SEEN_MS);
    const renewed = await Version.start(stage, { report: AT_HALF_PAST });
    const second = await Version.start(stage, { report: AT_HALF_PAST });
    await stage.clock.advance(2 * SEEN_MS);
    await renewed.die();
    await stage.clock.advance(20 * SEEN_MS);
    expect(old.nextTick('report')).toBe('00:30:00.000');
    await second.die();
    await stage.clock.advance(12 * SEEN_MS);
    expect(old.nextTick('report')).toBe('01:00:00.000');
    expect(old.events.at(-1)).toMatchObject({ condition: 'follows_newer', isActive: false });
  });

  it('an old version does not win by crashing and starting again, for however long', async () => {
    const stage = newStage();
    const first = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(SEEN_MS);
    const renewed = await Version.start(stage, { report: AT_HALF_PAST });
    await first.die();
    for (let crash = 0; crash < 3; crash += 1) {
      // Long enough for the sign of life of the old version to have expired.
      await stage.clock.advance(60 * SEEN_MS);
      const crashing = await Version.start(stage, { report: EVERY_HOUR });
      await stage.clock.advance(3 * SEEN_MS);
      expect(renewed.nextTick('report')).toBe('00:30:00.000');
      expect(crashing.nextTick('report')).toBe('00:30:00.000');
      await crashing.die();
    }
    expect(renewed.events).toEqual([]);
  });

  it('a version remembers when it was first seen, however long it runs', async () => {
    const stage = newStage();
    const version = await Version.start(stage, { report: EVERY_HOUR });
    await stage.clock.advance(SEEN_MS);
    const firstSeenMs = (): unknown => {
      const [record] = version.board.list('set:');
      return (JSON.parse(record?.value ?? '{}') as { firstSeenMs?: unknown }).firstSeenMs;
    };
    const before = firstSeenMs();
    const writtenMs = version.board.list('set:')[0]?.writtenMs ?? 0;
    for (let part = 0; part < 3; part += 1) {
      stage.clock.jump(9 * 3_600_000);
      await stage.clock.advance(3 * SEEN_MS);
    }
    expect(version.board.list('set:')[0]?.writtenMs).toBeGreaterThan(writtenMs);
    expect(firstSeenMs()).toBe(before);
    expect(before).toEqual(expect.any(Number));
  });

  it('leaves tasks alone that only the other version has, and shows them', async () => {
    const stage = newStage();
    const old = await Version.start(stage, { report: EVERY_HOUR, legacy: EVERY_HOUR });
    const renewed = await Version.start(stage, { report: EVERY_HOUR, extra: EVERY_HOUR });
    await stage.clock.advance(2 * SEEN_MS);
    expect([...old.scheduled.keys()]).toEqual(['report', 'legacy']);
    expect([...renewed.scheduled.keys()]).toEqual(['report', 'extra']);
    expect(old.task('extra')).toMatchObject({ state: 'left_alone', source: 'code' });
    expect(old.events).toMatchObject([{ task: 'extra', condition: 'elsewhere', isActive: true }]);
    expect(old.nextTick('legacy')).toBe('01:00:00.000');
  });
});
