import { describe, expect, it } from 'vitest';
import { decided, EVERY_HOUR, pair, SEEN_MS } from './pair.js';
import { Version } from './version.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

describe('a task that is added for one instant', () => {
  it('is refused when that is over, as when it is given in seconds', async () => {
    const { stage, one } = await pair();
    const code = 'DSCHED_BAD_SCHEDULE';
    const nowMs = stage.clock.wallMs();
    for (const atMs of [Math.floor((nowMs + HOUR_MS) / 1_000), nowMs - 1]) {
      await expect(
        decided(stage, one.control.add({ name: 'late', runs: 'send', atMs })),
      ).rejects.toMatchObject({ code });
      await expect(decided(stage, one.control.reschedule('report', { atMs }))).rejects.toMatchObject({
        code,
      });
    }
    expect(one.room.list('task:')).toEqual([]);
  });

  it('may be added again when it is over, as by a replica that restarts', async () => {
    const { stage, one } = await pair();
    const task = { name: 'soon', runs: 'send', atMs: stage.clock.wallMs() + HOUR_MS };
    await decided(stage, one.control.add(task));
    stage.clock.jump(2 * HOUR_MS);
    await stage.clock.advance(SEEN_MS);
    await decided(stage, one.control.add({ ...task }));
  });

  it('goes from the board a day after its instant, and takes no room any more', async () => {
    const { stage, one, other } = await pair();
    await decided(
      stage,
      one.control.add({ name: 'soon', runs: 'send', atMs: stage.clock.wallMs() + HOUR_MS }),
    );
    await decided(stage, one.control.add({ name: 'often', runs: 'send', everyMs: 5_000 }));
    stage.clock.jump(HOUR_MS + DAY_MS - 60 * SEEN_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(other.scheduled.has('soon')).toBe(true);
    stage.clock.jump(60 * SEEN_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect([one, other].map(({ scheduled }) => [scheduled.has('soon'), scheduled.has('often')])).toEqual([
      [false, true],
      [false, true],
    ]);
    const newcomer = await Version.start(stage, { report: EVERY_HOUR }, ['send']);
    await stage.clock.advance(SEEN_MS);
    expect(newcomer.room.list('task:').map(({ key }) => key)).toEqual(['task:often']);
  });

  it('stays for as long as the schedule that it was given in place of its own', async () => {
    const { stage, one } = await pair();
    await decided(
      stage,
      one.control.add({ name: 'soon', runs: 'send', atMs: stage.clock.wallMs() + HOUR_MS }),
    );
    await decided(stage, one.control.reschedule('soon', { atMs: stage.clock.wallMs() + 5 * DAY_MS }));
    stage.clock.jump(4 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(one.scheduled.has('soon')).toBe(true);
    await decided(stage, one.control.reschedule('soon', { everyMs: HOUR_MS }));
    stage.clock.jump(10 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(one.nextTick('soon')).toBeDefined();
    await decided(stage, one.control.restoreSchedule('soon'));
    stage.clock.jump(2 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(one.scheduled.has('soon')).toBe(false);
  });
});

describe('a task that is added', () => {
  it('is the same in whatever order its options and its payload are written', async () => {
    const { stage, one } = await pair();
    const first = { overlap: 'allow', timeoutMs: 900, payload: { a: 1, b: { c: [1, 2], d: null } } } as const;
    const second = {
      payload: { b: { d: null, c: [1, 2] }, a: 1 },
      timeoutMs: 900,
      overlap: 'allow',
    } as const;
    const named = { name: 'acme', runs: 'send', everyMs: 5_000 };
    await decided(stage, one.control.add({ ...named, ...first }));
    await decided(stage, one.control.add({ ...second, ...named }));
    const code = 'DSCHED_DUPLICATE_TASK';
    const other = { ...first, payload: { a: 1, b: { c: [2, 1], d: null } } };
    await expect(decided(stage, one.control.add({ ...named, ...other }))).rejects.toMatchObject({ code });
    await expect(decided(stage, one.control.add({ ...named, ...other }))).rejects.toThrow(
      'a task of this name was added before with another definition',
    );
  });

  it('leaves nothing in memory when it is removed', async () => {
    const { stage, one } = await pair();
    await decided(stage, one.control.add({ name: 'acme', runs: 'send', everyMs: 5_000 }));
    expect(one.blueprints.size).toBe(1);
    await decided(stage, one.control.reschedule('report', { everyMs: 5_000 }));
    await decided(stage, one.control.remove('acme'));
    await stage.clock.advance(SEEN_MS);
    expect(one.blueprints.size).toBe(1);
  });
});

describe('an instance that has closed', () => {
  it('says so when it is asked to decide, and what it was given when there is no such task', async () => {
    const { stage, one } = await pair();
    await expect(decided(stage, one.control.pause(undefined as never))).rejects.toThrow(
      'there is no task undefined',
    );
    await expect(decided(stage, one.control.pause('reprot'))).rejects.toThrow('there is no task "reprot"');
    await one.die();
    await expect(decided(stage, one.control.pause('report'))).rejects.toThrow(
      /^DSCHED_NOT_KEPT: .*this instance has closed.*Nothing was written/,
    );
  });
});
