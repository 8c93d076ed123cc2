import { describe, expect, it } from 'vitest';
import { decided, EVERY_HOUR, pair, SEEN_MS } from './pair.js';
import { cron, everyMs, Version } from './version.js';

describe('a triggered tick', () => {
  it('is due on every instance at the same instant, once, with its payload', async () => {
    const { stage, one, other } = await pair();
    const { tick } = await decided(stage, one.trigger.trigger('report', { payload: { by: 'hand' } }));
    await stage.clock.advance(SEEN_MS);
    expect(tick).toBeGreaterThan(stage.clock.wallMs());
    for (const version of [one, other]) {
      const task = version.scheduled.get('report');
      expect(task?.schedule.nextAfter(stage.clock.wallMs())).toBe(tick);
      expect(task?.schedule.nextAfter(tick)).toBeGreaterThan(tick + 1_000_000);
      expect(task?.payloadOf?.(tick)).toEqual({ by: 'hand' });
      expect(task?.payloadOf?.(tick + 1)).toBeUndefined();
    }
  });

  it('is due in a pause too', async () => {
    const { stage, one } = await pair();
    await decided(stage, one.control.pause('report'));
    const { tick } = await decided(stage, one.trigger.trigger('report'));
    expect(one.task('report').task?.schedule.nextAfter(tick - 1)).toBe(tick);
    expect(one.task('report').task?.schedule.nextAfter(tick)).toBeUndefined();
  });

  it('makes way when two instances trigger a task at the same moment', async () => {
    const { stage, one, other } = await pair();
    const [first, second] = await decided(
      stage,
      Promise.all([one.trigger.trigger('report'), other.trigger.trigger('report')]),
    );
    expect(Math.abs(first.tick - second.tick)).toBeGreaterThanOrEqual(32);
    await stage.clock.advance(SEEN_MS);
    const ticks = one.room.list('trigger:').map(({ value }) => (JSON.parse(value) as { tick: number }).tick);
    expect(ticks.sort()).toEqual([first.tick, second.tick].sort());
  });

  it('is claimed at one place by everybody, wherever it was moved to, and never ahead of its tick', async () => {
    const { stage, one, other } = await pair();
    const seen = new Map<string, Set<number>>();
    for (const version of [one, other])
      version.room.watch((keys) => {
        for (const key of keys) {
          const value = version.room.get(key);
          if (!key.startsWith('trigger:') || value === undefined) continue;
          const { tick } = JSON.parse(value) as { tick: number };
          seen.set(key, (seen.get(key) ?? new Set()).add(tick));
        }
      });
    const calls = Array.from({ length: 4 }, () =>
      [one, other].map((version) => version.trigger.trigger('report')),
    );
    await decided(stage, Promise.all(calls.flat()));
    await stage.clock.advance(SEEN_MS);
    expect([...seen.values()].some((ticks) => ticks.size > 1)).toBe(true);
    for (const [key, ticks] of seen) {
      const placedMs = Number(key.split(':')[1]);
      expect(Math.min(...ticks)).toBeGreaterThanOrEqual(placedMs);
      for (const version of [one, other]) {
        const task = version.scheduled.get('report');
        const known = [...ticks].flatMap((tick) => task?.triggerOf?.(tick) ?? []);
        expect(known).toContainEqual({ line: `{trigger}${key.slice('trigger:'.length)}`, placedMs });
      }
    }
  });

  it('is not moved ahead of where it was placed, also when room comes free there', async () => {
    const { stage, one } = await pair();
    // Which of the free places it moves to is left to chance.
    for (let round = 1; round <= 8; round += 1) {
      const [before, rival] = [`trigger:1:x${round}:report`, `trigger:1:y${round}:report`];
      one.room.post(before, JSON.stringify({ tick: Math.floor(stage.clock.wallMs()) + 1_700 }));
      let placedMs = 0;
      const end = one.room.watch((keys) => {
        const key = [...keys].find((written) => /^trigger:(?!1:)/.test(written));
        if (placedMs > 0 || key === undefined) return;
        const record = one.room.get(key) ?? '';
        placedMs = (JSON.parse(record) as { tick: number }).tick;
        one.room.post(before, JSON.stringify({ tick: 1 }));
        one.room.post(rival, record);
      });
      const { tick } = await decided(stage, one.trigger.trigger('report'));
      end();
      expect(placedMs).toBeGreaterThan(0);
      expect(tick).toBeGreaterThan(placedMs);
      stage.clock.jump(60 * SEEN_MS);
      await stage.clock.advance(SEEN_MS);
    }
  });

  it('is one of its own for each of many calls at once, with its own payload and room to the next one', async () => {
    const { stage, one } = await pair({ report: everyMs(2_000) });
    const calledMs = stage.clock.wallMs();
    const numbers = [1, 2, 3, 4, 5];
    const triggered = await decided(
      stage,
      Promise.all(numbers.map((payload) => one.trigger.trigger('report', { payload }))),
    );
    const ticks = triggered.map(({ tick }) => tick);
    expect(ticks).toEqual(spaced(ticks, 600));
    expect(ticks[0]).toBeLessThan(calledMs + 3_300);
    expect(ticks[2]).toBeLessThan(calledMs + 5_000);
    expect(ticks.map((tick) => one.scheduled.get('report')?.payloadOf?.(tick))).toEqual(numbers);
  });

  it('is about a second and a half ahead where there is room, however many there are', async () => {
    const { stage, one } = await pair();
    const calledMs = stage.clock.wallMs();
    const triggered = await decided(
      stage,
      Promise.all([1, 2, 3].map((payload) => one.trigger.trigger('report', { payload }))),
    );
    const aheadMs = triggered.map(({ tick }) => tick - calledMs);
    expect(aheadMs[0]).toBeGreaterThanOrEqual(1_000);
    expect(aheadMs[2]).toBeLessThan(2_900);
  });

  it('is one of its own for each of many calls on many instances', async () => {
    for (const definition of [everyMs(2_000), everyMs(1_000), EVERY_HOUR]) {
      const { stage, one, other } = await pair({ report: definition });
      const more = await Promise.all([1, 2].map(() => Version.start(stage, { report: definition })));
      await stage.clock.advance(SEEN_MS);
      const payloads = new Map<number, string>();
      const calls = [one, other, ...more].flatMap((version, index) =>
        [1, 2, 3].map(async (call) => {
          const payload = `${index}-${call}`;
          const { tick } = await version.trigger.trigger('report', { payload });
          payloads.set(tick, payload);
        }),
      );
      await decided(stage, Promise.all(calls));
      expect(payloads.size).toBe(12);
      const ticks = [...payloads.keys()].sort((a, b) => a - b);
      expect(ticks).toEqual(spaced(ticks, 32));
      await stage.clock.advance(SEEN_MS);
      for (const version of [one, other, ...more]) {
        const task = version.scheduled.get('report');
        expect(ticks.map((tick) => task?.payloadOf?.(tick))).toEqual(ticks.map((tick) => payloads.get(tick)));
      }
    }
  });

  it('finds a place for each of a dozen instances that call at the same moment', async () => {
    const { stage, one } = await pair({ report: everyMs(2_000) });
    const more = await Promise.all(
      Array.from({ length: 11 }, () => Version.start(stage, { report: everyMs(2_000) })),
    );
    await stage.clock.advance(SEEN_MS);
    const calls = [one, ...more].map((version) => version.trigger.trigger('report'));
    const ticks = (await decided(stage, Promise.all(calls))).map(({ tick }) => tick);
    expect(new Set(ticks).size).toBe(12);
  });

  it('is an error that leaves nothing behind when others are always there before', async () => {
    const { stage, one } = await pair();
    let rivals = 0;
    one.room.watch((keys) => {
      for (const key of keys) {
        const value = one.room.get(key);
        if (!key.startsWith('trigger:') || key.startsWith('trigger:0:') || value === undefined) continue;
        rivals += 1;
        one.room.post(`trigger:0:${rivals}:report`, value);
      }
    });
    const code = 'DSCHED_NO_ROOM';
    await expect(decided(stage, one.trigger.trigger('report'))).rejects.toMatchObject({ code });
    const left = one.room.list('trigger:').filter(({ key }) => !key.startsWith('trigger:0:'));
    expect(left).toEqual([]);
    expect(rivals).toBeGreaterThan(3);
  });

  it('waits for nobody when the one before it has failed', async () => {
    const { stage, one } = await pair();
    const calls = [
      one.trigger.trigger('reprot'),
      one.trigger.trigger('reprot'),
      one.trigger.trigger('report'),
    ];
    const settled = await decided(stage, Promise.allSettled(calls));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('is refused by an instance on which the task is switched off', async () => {
    const { stage, one } = await pair({ report: { ...cron('0 0 * * * *'), disabled: true } as never });
    const code = 'DSCHED_TASK_DISABLED';
    await expect(decided(stage, one.trigger.trigger('report'))).rejects.toMatchObject({ code });
    expect(one.room.list('trigger:')).toEqual([]);
  });

  it('takes no options but its own, and may carry null', async () => {
    const { stage, one } = await pair();
    const refused = async (options: unknown, code: string): Promise<void> =>
      expect(decided(stage, one.trigger.trigger('report', options as never))).rejects.toMatchObject({ code });
    await refused({ paylod: 1 }, 'DSCHED_UNKNOWN_OPTION');
    await refused('x', 'DSCHED_BAD_OPTION');
    await refused(null, 'DSCHED_BAD_OPTION');
    const { tick } = await decided(stage, one.trigger.trigger('report', { payload: null }));
    expect(one.scheduled.get('report')?.payloadOf?.(tick)).toBeNull();
  });

  it('is refused where a task is due too often, and after too many', async () => {
    const { stage, one } = await pair({ report: EVERY_HOUR, hasty: everyMs(40) });
    const code = 'DSCHED_NO_ROOM';
    await expect(decided(stage, one.trigger.trigger('hasty'))).rejects.toMatchObject({ code });
    for (let count = 0; count < 100; count += 1) await decided(stage, one.trigger.trigger('report'));
    await expect(decided(stage, one.trigger.trigger('report'))).rejects.toMatchObject({ code });
  });

  it('is refused by an instance that leaves the task alone', async () => {
    const { stage } = await pair();
    const stranger = await Version.start(stage, {});
    await stage.clock.advance(SEEN_MS);
    const code = 'DSCHED_UNKNOWN_HANDLER';
    await expect(decided(stage, stranger.trigger.trigger('report'))).rejects.toMatchObject({ code });
    await decided(stage, stranger.control.pause('report'));
  });
});

/** What `ticks` would be with at least so many ms between them. */
function spaced(ticks: readonly number[], leastMs: number): readonly number[] {
  return ticks.map((tick, index) => (index === 0 ? tick : Math.max(tick, (ticks[index - 1] ?? 0) + leastMs)));
}
