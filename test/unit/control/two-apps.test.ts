import { describe, expect, it } from 'vitest';
import { BoardStage } from '../protocol/board/board-stage.js';
import { decided, SEEN_MS } from './pair.js';
import { cron, type Definitions, Version, type VersionOptions } from './version.js';

const EVERY_HOUR = cron('0 0 * * * *');
const EVERY_SECOND: Definitions[string] = { kind: 'every_second' };

const SHOP: VersionOptions = { app: 'shop' };
const BILLING: VersionOptions = { app: 'billing' };

const newStage = (): BoardStage => new BoardStage({ boards: 0 });

/** Two apps that have a task of the same name, one a second after the other. */
async function firstAndSecond() {
  const stage = newStage();
  const first = await Version.start(stage, { report: EVERY_HOUR }, [], SHOP);
  await stage.clock.advance(SEEN_MS);
  const second = await Version.start(stage, { report: EVERY_HOUR }, [], BILLING);
  await stage.clock.advance(SEEN_MS);
  return { stage, first, second };
}
const conditionsOf = (version: Version): unknown[] =>
  version.events.map(({ task, condition, isActive }) => [task, condition, isActive]);

describe('two apps of a namespace that have a task of one name', () => {
  it('the first keeps it by its own schedule, the second runs none of it until the first has gone', async () => {
    const stage = newStage();
    const first = await Version.start(stage, { report: EVERY_HOUR, mine: EVERY_HOUR }, [], SHOP);
    await stage.clock.advance(SEEN_MS);
    const second = await Version.start(stage, { report: EVERY_SECOND, yours: EVERY_HOUR }, [], BILLING);
    await stage.clock.advance(2 * SEEN_MS);
    expect(first.nextTick('report')).toBe('01:00:00.000');
    expect([...first.scheduled.keys()]).toEqual(['report', 'mine']);
    expect([...second.scheduled.keys()]).toEqual(['yours']);
    expect(second.task('report')).toMatchObject({ state: 'left_alone' });
    expect(conditionsOf(first)).toEqual([['report', 'name_shared', true]]);
    expect(conditionsOf(second)).toEqual([['report', 'other_app', true]]);
    expect(second.events[0]?.detail).toContain("app 'shop'");
    await first.die();
    await stage.clock.advance(12 * SEEN_MS);
    expect(second.task('report').base?.description).toBe('every second');
    expect(conditionsOf(second).at(-1)).toEqual(['report', 'other_app', false]);
  });

  it('a new version of the first is no newcomer, and takes its name back after a restart of all', async () => {
    const { stage, first, second } = await firstAndSecond();
    const renewed = await Version.start(stage, { report: EVERY_HOUR, more: EVERY_HOUR }, [], SHOP);
    await stage.clock.advance(SEEN_MS);
    await first.die();
    await stage.clock.advance(15 * SEEN_MS);
    expect([...renewed.scheduled.keys()]).toEqual(['report', 'more']);
    expect(second.scheduled.has('report')).toBe(false);
    await renewed.die();
    await stage.clock.advance(15 * SEEN_MS);
    expect(second.scheduled.has('report')).toBe(true);
    const back = await Version.start(stage, { report: EVERY_HOUR, more: EVERY_HOUR }, [], SHOP);
    await stage.clock.advance(2 * SEEN_MS);
    expect(back.scheduled.has('report')).toBe(true);
    expect(second.scheduled.has('report')).toBe(false);
  });

  it('the first keeps it over its releases, also when its first version has been forgotten', async () => {
    const { stage, first, second } = await firstAndSecond();
    const renewed = await Version.start(stage, { report: EVERY_HOUR, more: EVERY_HOUR }, [], SHOP);
    await stage.clock.advance(SEEN_MS);
    await first.die();
    // Longer than sets are kept; not at once, since a board forgets what it knew after half a day without the nodes.
    for (let halfDays = 0; halfDays < 70; halfDays += 1) {
      stage.clock.jump(11 * 3_600_000);
      await stage.clock.advance(1_600);
    }
    expect(renewed.board.list('set:')).toHaveLength(2);
    expect(renewed.scheduled.has('report')).toBe(true);
    expect(second.scheduled.has('report')).toBe(false);
  });

  it('the first keeps it when all of its instances have slept for days', async () => {
    const { stage, first, second } = await firstAndSecond();
    stage.clock.jump(20 * 86_400_000);
    await stage.clock.advance(5 * SEEN_MS);
    expect(first.scheduled.has('report')).toBe(true);
    expect(second.scheduled.has('report')).toBe(false);
  });

  it('that come at the same moment agree on one of them', async () => {
    const stage = newStage();
    const apps = await Promise.all([
      Version.start(stage, { report: EVERY_SECOND }, [], SHOP),
      Version.start(stage, { report: EVERY_HOUR }, [], BILLING),
    ]);
    await stage.clock.advance(2 * SEEN_MS);
    expect(apps.filter(({ scheduled }) => scheduled.has('report'))).toHaveLength(1);
  });

  it('a task that is switched off claims no name', async () => {
    const stage = newStage();
    const off = await Version.start(stage, { report: EVERY_HOUR }, [], {
      ...SHOP,
      options: { disabled: true },
    });
    await stage.clock.advance(SEEN_MS);
    const second = await Version.start(stage, { report: EVERY_HOUR }, [], BILLING);
    await stage.clock.advance(2 * SEEN_MS);
    expect(second.scheduled.has('report')).toBe(true);
    expect([off.events, second.events]).toEqual([[], []]);
  });
});

describe('what one app decides', () => {
  async function both(): Promise<{ stage: BoardStage; shop: Version; billing: Version }> {
    const stage = newStage();
    const shop = await Version.start(stage, { report: EVERY_HOUR }, ['send'], SHOP);
    await stage.clock.advance(SEEN_MS);
    const billing = await Version.start(stage, { invoice: EVERY_HOUR }, ['send'], BILLING);
    await stage.clock.advance(SEEN_MS);
    return { stage, shop, billing };
  }

  it('is not followed by another app, whose handlers may have the same names', async () => {
    const { stage, shop, billing } = await both();
    await decided(stage, shop.control.add({ name: 'acme', runs: 'send', everyMs: 5_000 }));
    await stage.clock.advance(2 * SEEN_MS);
    expect(shop.scheduled.has('acme')).toBe(true);
    expect(billing.scheduled.has('acme')).toBe(false);
    await expect(decided(stage, billing.control.pause('report'))).rejects.toMatchObject({
      code: 'DSCHED_UNKNOWN_TASK',
    });
  });

  it('does not hold for the task of that name of an app that comes after it', async () => {
    const { stage, shop } = await both();
    await decided(stage, shop.control.pause('report'));
    await decided(stage, shop.trigger.trigger('report'));
    await shop.die();
    await stage.clock.advance(12 * SEEN_MS);
    const heir = await Version.start(stage, { report: EVERY_HOUR }, [], { app: 'heir' });
    await stage.clock.advance(2 * SEEN_MS);
    expect(heir.task('report').state).toBe('active');
    expect(heir.events).toEqual([]);
  });

  it("is refused where the name is the other one's, for an added task as for one in the code", async () => {
    const { stage, shop, billing } = await both();
    const code = 'DSCHED_TWO_APPS';
    await decided(stage, shop.control.add({ name: 'acme', runs: 'send', everyMs: 5_000 }));
    await stage.clock.advance(SEEN_MS);
    for (const name of ['acme', 'report']) {
      const added = billing.control.add({ name, runs: 'send', everyMs: 5_000 });
      await expect(decided(stage, added)).rejects.toMatchObject({ code, task: name, value: 'shop' });
    }
    // The own one may be added again, as by a replica that restarts.
    await decided(stage, shop.control.add({ name: 'acme', runs: 'send', everyMs: 5_000 }));
    const third = await Version.start(stage, { acme: EVERY_HOUR }, [], { app: 'third' });
    await stage.clock.advance(2 * SEEN_MS);
    expect(third.scheduled.has('acme')).toBe(false);
    await expect(decided(stage, third.trigger.trigger('acme'))).rejects.toMatchObject({ code });
    await expect(decided(stage, third.control.pause('acme'))).rejects.toMatchObject({ code });
    await decided(stage, shop.control.remove('acme'));
    await stage.clock.advance(2 * SEEN_MS);
    expect(third.scheduled.has('acme')).toBe(true);
  });
});
