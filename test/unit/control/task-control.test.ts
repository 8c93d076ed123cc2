import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { decided, EVERY_HOUR, pair, SEEN_MS } from './pair.js';
import { cron, Version } from './version.js';

describe('a decision about a task', () => {
  it('pauses and resumes it on every instance with their next exchange', async () => {
    const { stage, one, other } = await pair();
    await decided(stage, one.control.pause('report'));
    expect(one.nextTick('report')).toBeUndefined();
    await stage.clock.advance(SEEN_MS);
    expect(other.nextTick('report')).toBeUndefined();
    expect(other.task('report').state).toBe('paused');
    await decided(stage, other.control.resume('report'));
    await stage.clock.advance(SEEN_MS);
    expect([one.nextTick('report'), other.nextTick('report')]).toEqual(['01:00:00.000', '01:00:00.000']);
    expect(one.events.map(({ condition, isActive }) => [condition, isActive])).toEqual([
      ['paused', true],
      ['paused', false],
    ]);
  });

  it('counts no tick of the pause when it is resumed', async () => {
    const { stage, one } = await pair();
    await decided(stage, one.control.pause('report'));
    stage.clock.jump(3 * 3_600_000);
    await stage.clock.advance(SEEN_MS);
    await decided(stage, one.control.resume('report'));
    const { task } = one.task('report');
    const pausedMs = stage.clock.wallMs() - 3 * 3_600_000;
    expect(new Date(task?.schedule.nextAfter(pausedMs) ?? 0).toISOString()).toContain('T04:00:00');
    expect(task?.countsFromMs).toBeGreaterThan(stage.clock.wallMs() - 2 * SEEN_MS);
  });

  it('forgets no missed tick when a task is resumed that was not paused', async () => {
    const { stage, one } = await pair();
    await decided(stage, one.control.resume('report'));
    expect(one.task('report').task?.countsFromMs ?? 0).toBe(0);
  });

  it('reschedules it over restarts of all instances, and restores its own schedule', async () => {
    const { stage, one, other } = await pair();
    await decided(stage, one.control.reschedule('report', { cron: '0 45 * * * *', timeZone: 'UTC' }));
    await Promise.all([one.die(), other.die()]);
    await stage.clock.advance(SEEN_MS);
    const later = await Version.start(stage, { report: EVERY_HOUR });
    expect(later.nextTick('report')).toBe('00:45:00.000');
    await decided(stage, later.control.restoreSchedule('report'));
    expect(later.nextTick('report')).toBe('01:00:00.000');
  });

  it('holds for a task of which a newer version has another schedule', async () => {
    const { stage, one } = await pair();
    await decided(stage, one.control.reschedule('report', { everyMs: 5_000 }));
    const renewed = await Version.start(stage, { report: cron('0 30 * * * *') });
    await stage.clock.advance(SEEN_MS);
    expect(one.task('report').base?.description).toBe('every 5 s');
    expect(renewed.task('report').base?.description).toBe('every 5 s');
  });

  it('adds a task that every instance with the handler schedules, and removes it', async () => {
    const { stage, one, other } = await pair();
    const stranger = await Version.start(stage, { other: EVERY_HOUR });
    const payload = { customer: 'acme' };
    await decided(
      stage,
      one.control.add({
        name: 'acme',
        runs: 'send',
        cron: '0 7 * * *',
        timeZone: 'UTC',
        payload,
        overlap: 'allow',
      }),
    );
    await stage.clock.advance(SEEN_MS);
    for (const version of [one, other]) {
      expect(version.nextTick('acme')).toBe('07:00:00.000');
      expect(version.scheduled.get('acme')?.payloadOf?.(0)).toEqual(payload);
      expect(version.scheduled.get('acme')).toMatchObject({ policies: { overlap: 'allow' } });
    }
    expect(stranger.scheduled.has('acme')).toBe(false);
    const told = stranger.events.filter(({ task }) => task === 'acme');
    expect(told).toMatchObject([{ condition: 'left_alone', isActive: true }]);
    await decided(stage, other.control.remove('acme'));
    await stage.clock.advance(SEEN_MS);
    expect(one.scheduled.has('acme') || other.scheduled.has('acme')).toBe(false);
  });

  it('leaves its name to a decorated task that comes with a later version', async () => {
    const { stage, one } = await pair();
    await decided(stage, one.control.add({ name: 'acme', runs: 'send', everyMs: 5_000 }));
    const renewed = await Version.start(stage, { report: EVERY_HOUR, acme: EVERY_HOUR }, ['send']);
    await stage.clock.advance(SEEN_MS);
    expect(renewed.task('acme')).toMatchObject({ source: 'code' });
    expect(renewed.nextTick('acme')).toBe('01:00:00.000');
  });

  it('adds the same task again without a word, and refuses another one of the name', async () => {
    const { stage, one, other } = await pair();
    const task = { name: 'acme', runs: 'send', everyMs: 5_000 };
    await decided(stage, one.control.add(task));
    await stage.clock.advance(SEEN_MS);
    await decided(stage, other.control.add({ ...task }));
    const code = 'DSCHED_DUPLICATE_TASK';
    await expect(decided(stage, other.control.add({ ...task, everyMs: 6_000 }))).rejects.toMatchObject({
      code,
    });
    await decided(stage, other.control.add({ ...task, everyMs: 6_000, replace: true }));
    await stage.clock.advance(SEEN_MS);
    expect(one.task('acme').base?.description).toBe('every 6 s');
    await expect(decided(stage, one.control.add({ ...task, name: 'report' }))).rejects.toMatchObject({
      code,
    });
  });

  it('refuses an expression without a zone where the process has none', async () => {
    const { stage, one } = await pair();
    const options = new Intl.DateTimeFormat().resolvedOptions();
    const spy = vi.spyOn(Intl.DateTimeFormat.prototype, 'resolvedOptions');
    onTestFinished(() => spy.mockRestore());
    spy.mockReturnValue({ ...options, timeZone: 'Etc/Unknown' });
    const adding = one.control.add({ name: 'a', runs: 'send', cron: '0 3 * * *' });
    await expect(decided(stage, adding)).rejects.toThrow(
      "DSCHED_BAD_SCHEDULE: task 'a': the cron expression '0 3 * * *' cannot be used: the process has no time zone, as its",
    );
  });

  it('refuses what cannot be, with a code, and writes nothing', async () => {
    const { stage, one } = await pair();
    const refused = async (decision: Promise<unknown>, code: string): Promise<void> =>
      expect(decided(stage, decision)).rejects.toMatchObject({ code });
    await refused(one.control.pause('reprot'), 'DSCHED_UNKNOWN_TASK');
    await expect(decided(stage, one.control.pause('reprot'))).rejects.toThrow(
      'there is no task "reprot": no version of this app that runs has it, and it was not added. Did you mean \'report\'?',
    );
    await refused(one.control.pause('send'), 'DSCHED_UNKNOWN_TASK');
    await expect(decided(stage, one.control.pause('send'))).rejects.toThrow(
      '"send" is a handler, not a task. Add a task that runs it, with add({ name: …, runs: "send", … }), and name that one.',
    );
    await refused(one.control.remove('report'), 'DSCHED_NOT_REMOVABLE');
    await refused(one.control.add({ name: 'a', runs: 'nobody', everyMs: 5_000 }), 'DSCHED_UNKNOWN_HANDLER');
    await refused(one.control.add({ name: 'a', runs: 'send' } as never), 'DSCHED_NO_SCHEDULE');
    await refused(one.control.add({ name: 'a', runs: 'send', cron: '* * *' }), 'DSCHED_BAD_SCHEDULE');
    await refused(one.control.add({ name: 'a', runs: 'send', everyMs: 100 }), 'DSCHED_DURATIONS');
    await refused(
      one.control.add({ name: 'a', runs: 'send', everyMs: 5_000, perTick: true } as never),
      'DSCHED_UNKNOWN_OPTION',
    );
    await refused(
      one.control.add({ name: 'a', runs: 'send', everyMs: 5_000, payload: 1n }),
      'DSCHED_BAD_OPTION',
    );
    await refused(one.control.add({ name: '', runs: 'send', everyMs: 5_000 }), 'DSCHED_BAD_OPTION');
    await refused(
      one.control.reschedule('report', { everyMs: 5_000, cron: '* * * * *' } as never),
      'DSCHED_NO_SCHEDULE',
    );
    await refused(one.trigger.trigger('report', { payload: 'x'.repeat(20_000) }), 'DSCHED_BAD_OPTION');
    expect(one.board.list('').filter(({ key }) => !/^(set|alive):/.test(key))).toEqual([]);
  });

  it('is an error without a majority that says how far it came, and is done when it is repeated', async () => {
    const { stage, one, other } = await pair();
    stage.link(0, 0, 'cut');
    stage.link(0, 1, 'cut');
    await expect(decided(stage, one.control.pause('report'))).rejects.toThrow(
      /^DSCHED_NOT_KEPT: .*1 of 3 nodes have acknowledged it, no majority/,
    );
    await stage.clock.advance(SEEN_MS);
    expect(other.task('report').state).toBe('paused');
    await expect(decided(stage, one.control.resume('report'))).rejects.toThrow(
      'Nothing was written: repeat the call when one does. A rejection that leaves onApplicationBootstrap ends the boot',
    );
    stage.heal();
    await stage.clock.advance(5 * SEEN_MS);
    await decided(stage, one.control.resume('report'));
    await stage.clock.advance(SEEN_MS);
    expect(other.task('report').state).toBe('active');
  });
});
