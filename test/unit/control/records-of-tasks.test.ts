/** What stands on the board about a task goes with the task: a program that adds one per order must not fill the nodes. */

import { describe, expect, it } from 'vitest';
import { RunRecords } from '#src/control/run-records.js';
import type { BoardShares } from '#src/protocol/board/board-shares.js';
import { decided, EVERY_HOUR, pair, SEEN_MS } from './pair.js';
import type { Version } from './version.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A tenth of 334 on nodes that keep a tenth: what filled 10,000 records in a month. */
const REMINDERS_A_DAY = 34;
const A_TENTH: BoardShares = { runs: 800, tasks: 900, decisions: 950, notices: 1_000 };

function runsOf(version: Version, inCode: readonly string[] = [], tasks = inCode.length): RunRecords {
  return new RunRecords(
    version.room,
    (task) => inCode.includes(task),
    () => tasks,
  );
}

function hasRun(runs: RunRecords, task: string, tick: number): void {
  runs.tickEnded({ task, tick, outcome: 'success', instanceId: 'one', durationMs: 5 });
}

describe('what stands on the board about a task', () => {
  it('does not fill the nodes where reminders are added, paused and run every day for two months', async () => {
    const { stage, one } = await pair({ report: EVERY_HOUR }, A_TENTH);
    const runs = runsOf(one);
    let most = 0;
    for (let day = 0; day < 60; day += 1) {
      const atMs = stage.clock.wallMs() + HOUR_MS;
      const names = Array.from({ length: REMINDERS_A_DAY }, (_, index) => `reminder ${day}-${index}`);
      await decided(stage, Promise.all(names.map((name) => one.control.add({ name, runs: 'send', atMs }))));
      const [paused = '', resumed = ''] = names;
      await decided(stage, one.control.pause(paused));
      await decided(stage, one.control.pause(resumed));
      await decided(stage, one.control.resume(resumed));
      stage.clock.jump(HOUR_MS);
      for (const name of names) hasRun(runs, name, atMs);
      runs.write(true);
      await stage.clock.advance(3 * SEEN_MS);
      most = Math.max(most, ...stage.nodes.map((node) => node.snapshot().board.records.length));
      stage.clock.jump(DAY_MS - HOUR_MS - 10 * SEEN_MS);
      await stage.clock.advance(3 * SEEN_MS);
    }
    expect(most).toBeGreaterThan(REMINDERS_A_DAY);
    expect(most).toBeLessThan(5 * REMINDERS_A_DAY);
    await decided(stage, one.control.pause('report'));
    await decided(stage, one.trigger.trigger('report'));
  }, 60_000);

  it('lives as long as the task, where that is put off', async () => {
    const { stage, one } = await pair();
    await decided(
      stage,
      one.control.add({ name: 'soon', runs: 'send', atMs: stage.clock.wallMs() + HOUR_MS }),
    );
    await decided(stage, one.control.pause('soon'));
    await decided(stage, one.control.reschedule('soon', { atMs: stage.clock.wallMs() + 9 * DAY_MS }));
    stage.clock.jump(8 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(one.task('soon').state).toBe('paused');
    stage.clock.jump(3 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(one.room.list('').filter(({ key }) => key.includes('soon'))).toEqual([]);
  });

  it('keeps the newest run of a task in the code for a month, and that of one that was added for as long as it', async () => {
    const { stage, one } = await pair();
    const runs = runsOf(one, ['report']);
    await decided(
      stage,
      one.control.add({ name: 'soon', runs: 'send', atMs: stage.clock.wallMs() + HOUR_MS }),
    );
    await decided(stage, one.control.add({ name: 'often', runs: 'send', everyMs: 5_000 }));
    for (const name of ['report', 'soon', 'often', 'gone before its run has ended']) hasRun(runs, name, 5);
    runs.write();
    await stage.clock.advance(3 * SEEN_MS);
    const told = (): readonly string[] => one.room.list('run:').map(({ key }) => key);
    expect(told()).toEqual(['run:often', 'run:report', 'run:soon']);
    stage.clock.jump(2 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(told()).toEqual(['run:often', 'run:report']);
    stage.clock.jump(29 * DAY_MS);
    await stage.clock.advance(3 * SEEN_MS);
    expect(told()).toEqual([]);
  });

  it('goes when the task is removed, its triggers too: another one of the name begins without them', async () => {
    const { stage, one, other } = await pair();
    const runs = runsOf(one);
    await decided(stage, one.control.add({ name: 'acme', runs: 'send', everyMs: HOUR_MS }));
    await decided(stage, one.control.pause('acme'));
    await decided(stage, one.trigger.trigger('acme'));
    hasRun(runs, 'acme', 5);
    runs.write();
    await stage.clock.advance(2 * SEEN_MS);
    expect(other.room.list('').filter(({ key }) => key.includes('acme'))).toHaveLength(4);
    await decided(stage, one.control.remove('acme'));
    await stage.clock.advance(2 * SEEN_MS);
    expect(other.room.list('').filter(({ key }) => key.includes('acme'))).toEqual([]);
  });

  it.each([
    [30, 5_000],
    [400, 20_000],
    [50_000, 60_000],
  ])('of %d tasks is written every %d ms: every instance reads it', async (tasks, everyMs) => {
    const { stage, one } = await pair();
    const names = Array.from({ length: 30 }, (_, index) => `chore${index}`);
    const runs = runsOf(one, names, tasks);
    const ran = (tick: number): void => {
      for (const name of names) hasRun(runs, name, tick);
      runs.write();
    };
    const written = (): number => (JSON.parse(one.room.get('run:chore7') ?? '{}') as { tick: number }).tick;
    ran(1);
    await stage.clock.advance(everyMs - 100);
    ran(2);
    expect(written()).toBe(1);
    await stage.clock.advance(100);
    ran(3);
    expect(written()).toBe(3);
  });
});
