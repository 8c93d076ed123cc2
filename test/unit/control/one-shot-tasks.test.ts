import { describe, expect, it } from 'vitest';
import { decided, EVERY_HOUR, pair, SECOND_MS } from './pair.js';
import { Version } from './version.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

describe('a task that is added for one instant', () => {
  it('is refused when that is over, as when it is given in seconds', async () => {
    const { scene, one } = await pair();
    const code = 'DSCHED_BAD_SCHEDULE';
    const nowMs = scene.clock.wallMs();
    for (const atMs of [Math.floor((nowMs + HOUR_MS) / 1_000), nowMs - 1]) {
      await expect(
        decided(scene, one.control.add({ name: 'late', runs: 'send', atMs })),
      ).rejects.toMatchObject({ code });
      await expect(decided(scene, one.control.reschedule('report', { atMs }))).rejects.toMatchObject({
        code,
      });
    }
    expect(one.room.list('task:')).toEqual([]);
  });

  it('may be added again when it is over, as by a replica that restarts', async () => {
    const { scene, one } = await pair();
    const task = { name: 'soon', runs: 'send', atMs: scene.clock.wallMs() + HOUR_MS };
    await decided(scene, one.control.add(task));
    scene.clock.jump(2 * HOUR_MS);
    await scene.clock.advance(SECOND_MS);
    await decided(scene, one.control.add({ ...task }));
  });

  it('goes from the board a day after its instant, and takes no room any more', async () => {
    const { scene, one, other } = await pair();
    await decided(
      scene,
      one.control.add({ name: 'soon', runs: 'send', atMs: scene.clock.wallMs() + HOUR_MS }),
    );
    await decided(scene, one.control.add({ name: 'often', runs: 'send', everyMs: 5_000 }));
    scene.clock.jump(HOUR_MS + DAY_MS - 60 * SECOND_MS);
    await scene.clock.advance(3 * SECOND_MS);
    expect(other.scheduled.has('soon')).toBe(true);
    scene.clock.jump(60 * SECOND_MS);
    await scene.clock.advance(3 * SECOND_MS);
    expect([one, other].map(({ scheduled }) => [scheduled.has('soon'), scheduled.has('often')])).toEqual([
      [false, true],
      [false, true],
    ]);
    const newcomer = await Version.start(scene, { report: EVERY_HOUR }, ['send']);
    await scene.clock.advance(SECOND_MS);
    expect(newcomer.room.list('task:').map(({ key }) => key)).toEqual(['task:often']);
  });

  it('stays for as long as the schedule that it was given in place of its own', async () => {
    const { scene, one } = await pair();
    await decided(
      scene,
      one.control.add({ name: 'soon', runs: 'send', atMs: scene.clock.wallMs() + HOUR_MS }),
    );
    await decided(scene, one.control.reschedule('soon', { atMs: scene.clock.wallMs() + 5 * DAY_MS }));
    scene.clock.jump(4 * DAY_MS);
    await scene.clock.advance(3 * SECOND_MS);
    expect(one.scheduled.has('soon')).toBe(true);
    await decided(scene, one.control.reschedule('soon', { everyMs: HOUR_MS }));
    scene.clock.jump(10 * DAY_MS);
    await scene.clock.advance(3 * SECOND_MS);
    expect(one.nextTick('soon')).toBeDefined();
    await decided(scene, one.control.restoreSchedule('soon'));
    scene.clock.jump(2 * DAY_MS);
    await scene.clock.advance(3 * SECOND_MS);
    expect(one.scheduled.has('soon')).toBe(false);
  });
});

describe('a task that is added', () => {
  it('is the same in whatever order its options and its payload are written', async () => {
    const { scene, one } = await pair();
    const first = { overlap: 'allow', timeoutMs: 900, payload: { a: 1, b: { c: [1, 2], d: null } } } as const;
    const second = {
      payload: { b: { d: null, c: [1, 2] }, a: 1 },
      timeoutMs: 900,
      overlap: 'allow',
    } as const;
    const named = { name: 'acme', runs: 'send', everyMs: 5_000 };
    await decided(scene, one.control.add({ ...named, ...first }));
    await decided(scene, one.control.add({ ...second, ...named }));
    const code = 'DSCHED_DUPLICATE_TASK';
    const other = { ...first, payload: { a: 1, b: { c: [2, 1], d: null } } };
    await expect(decided(scene, one.control.add({ ...named, ...other }))).rejects.toMatchObject({ code });
    await expect(decided(scene, one.control.add({ ...named, ...other }))).rejects.toThrow(
      'a task of this name was added before with another definition',
    );
  });

  it('leaves nothing in memory when it is removed', async () => {
    const { scene, one } = await pair();
    await decided(scene, one.control.add({ name: 'acme', runs: 'send', everyMs: 5_000 }));
    expect(one.blueprints.size).toBe(1);
    await decided(scene, one.control.reschedule('report', { everyMs: 5_000 }));
    await decided(scene, one.control.remove('acme'));
    await scene.clock.advance(SECOND_MS);
    expect(one.blueprints.size).toBe(1);
  });
});

describe('an instance that has closed', () => {
  it('says so when it is asked to decide, and what it was given when there is no such task', async () => {
    const { scene, one } = await pair();
    await expect(decided(scene, one.control.pause(undefined as never))).rejects.toThrow(
      'there is no task undefined',
    );
    await expect(decided(scene, one.control.pause('reprot'))).rejects.toThrow('there is no task "reprot"');
    await one.die();
    await expect(decided(scene, one.control.pause('report'))).rejects.toThrow(
      /^DSCHED_NOT_KEPT: .*this instance has closed.*Nothing was written/,
    );
  });
});
