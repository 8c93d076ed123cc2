import { type ScheduleEvent } from 'nestjs-distributed-schedule';
import { beforeEach, describe, expect, it } from 'vitest';
import { SchedulerLogObserver } from '#src/nest/log/scheduler-log.observer.js';
import { type LogStage, logStage, quorum, TICK, tick } from './log-stage.js';

let logs: LogStage['logs'];
let clock: LogStage['clock'];
let observer: LogStage['observer'];

beforeEach(() => {
  ({ logs, clock, observer } = logStage());
});

describe('the log', () => {
  it('tells once a minute of ticks without a majority while beats have one, and of overlaps, each for itself', () => {
    observer.observe(quorum(true));
    for (let count = 0; count < 3; count++) {
      observer.observe(tick('no_quorum', undefined, 'settle', 'claim: node 1: early'));
      observer.observe(tick('overlap', undefined, 'settle', 'lock held by two'));
      observer.observe(tick('misfire'));
    }
    expect(logs.ours('warn')).toEqual([
      "Task 'settle' found no majority for tick 2026-01-02T03:04:05.000Z: claim: node 1: early.",
      "Task 'settle' skipped tick 2026-01-02T03:04:05.000Z, as its last run goes on: lock held by two.",
      "Task 'settle' could not start tick 2026-01-02T03:04:05.000Z in time: it came too late.",
    ]);
  });

  it('says of a run that hangs since when it goes on and where, and what ends it', async () => {
    const skipped = (by?: string): ScheduleEvent => ({
      type: 'tick',
      report: {
        ...{ task: 'settle', tick: TICK + clock.monotonicMs(), outcome: 'overlap', instanceId: 'one' },
        detail: `lock held by ${by ?? 'one'}`,
        ...(by === undefined ? {} : { by }),
      },
    });
    const hang = async (periods: number, periodMs: number, by?: string): Promise<string | undefined> => {
      for (let count = 0; count < periods; count += 1) {
        observer.observe(skipped(by));
        await clock.advance(periodMs);
      }
      return logs.ours('warn').at(-1);
    };
    const started = { type: 'started', task: 'settle', tick: TICK, attempt: 1 } as const;
    observer.observe({ ...started, isRetry: false, latenessMs: 0 });
    expect(await hang(30, 1_000)).toContain('as its last run goes on: lock held by one.');
    expect(await hang(95, 1_000)).toMatch(
      /^Task 'settle' skipped tick \S+Z, as a run goes on for 1 min 59 s by now on this instance, that of tick 2026-01-02T03:04:05\.000Z: it may hang\. timeoutMs aborts such a run, and giveUpAfterMs lets later ticks run without its end\. 59 more/,
    );
    // The run has ended, and another one hangs elsewhere.
    observer.observe(tick('success'));
    await clock.advance(60_000);
    expect(await hang(130, 1_000, 'two')).toMatch(
      /^Task 'settle' skipped tick \S+Z, as a run goes on for 1 min 54 s or longer on instance two: it may hang\. timeoutMs aborts such a run, and giveUpAfterMs lets later ticks run without its end\. 59 more/,
    );
  });

  it('does not call a run long that few ticks have met', async () => {
    for (let count = 0; count < 9; count += 1) {
      observer.observe(tick('overlap', undefined, 'settle', 'lock held by two'));
      await clock.advance(60_000);
    }
    expect(logs.ours('warn').join()).not.toContain('timeoutMs');
  });

  it('does not warn of a set that is put on record while nodes are new', () => {
    observer.observe(quorum(true));
    observer.observe(tick('no_quorum', undefined, 'settle', 'no bid: the set is put on record'));
    expect(logs.ours('warn')).toEqual([]);
  });

  it('tells once that a node votes, also where the instance that gave it the vote hears of it again', () => {
    const tell = (condition: 'new' | 'votes', detail: string): void =>
      observer.observe({ type: 'identity', node: 'node 1', condition, detail });
    tell('new', 'another memory');
    tell('votes', 'the other nodes have noted its new memory, and it votes');
    tell('votes', 'it votes again');
    expect(logs.ours('log')).toHaveLength(2);
  });

  it('does not repeat per task that the store is down', () => {
    observer.observe(quorum(false));
    observer.observe(tick('no_quorum'));
    expect(logs.ours('warn')).toEqual([]);
  });

  it('tells once a minute and cause of ticks that nobody ran, with their number and with doubt where there is some', async () => {
    const finding = {
      task: 'settle',
      tick: TICK,
      ticks: 1,
      outcome: 'missed',
      cause: 'no_majority',
      detail: 'no majority of nodes answered this instance',
      certain: false,
      instanceId: 'one',
    } as const;
    for (let count = 0; count < 3; count += 1) observer.observe({ type: 'audit', finding });
    const lost = { ...finding, outcome: 'lost', cause: 'died', detail: 'claimed by two' } as const;
    observer.observe({ type: 'audit', finding: lost });
    await clock.advance(60_000);
    const at = '2026-01-02T03:04:05.000Z';
    const silent = `Task 'settle' was run by nobody in tick ${at}, as far as this instance can see: ${finding.detail}.`;
    expect(logs.ours('warn')).toEqual([
      silent,
      `Task 'settle' may not have ended its run in tick ${at}: claimed by two.`,
      `${silent} 1 more of this task since the last line.`,
    ]);
  });

  it.each([
    ['mildly after a restart', { NODE_ENV: 'development', ticks: 2, level: 'log' }],
    ['as a warning in production', { NODE_ENV: 'production', ticks: 2, level: 'warn' }],
    ['as a warning after a longer stop', { NODE_ENV: 'development', ticks: 60, level: 'warn' }],
  ])('tells of all tasks in one line what passed while no instance was there, %s', async (_title, given) => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = given.NODE_ENV;
    observer = new SchedulerLogObserver(clock);
    process.env.NODE_ENV = before;
    const finding = {
      outcome: 'missed',
      cause: 'while_down',
      ...{ detail: 'no instance was there', certain: true, tick: TICK, instanceId: 'one' },
    } as const;
    observer.observe({ type: 'audit', finding: { ...finding, task: 'settle', ticks: given.ticks } });
    observer.observe({ type: 'audit', finding: { ...finding, task: 'sweep', ticks: 1, tick: TICK - 5_000 } });
    await clock.advance(1_000);
    const line =
      'No instance was there up to 2026-01-02T03:04:05.000Z, and ticks passed: ' +
      `${given.ticks} of 'settle', 1 of 'sweep'.`;
    expect(logs.lines).toEqual([{ level: given.level, message: line, context: 'DistributedSchedule' }]);
  });

  it('says of what passed while no instance was there which tasks make up for it', async () => {
    const finding = {
      outcome: 'missed',
      cause: 'while_down',
      ...{ detail: 'no instance was there', certain: false, tick: TICK, instanceId: 'one' },
    } as const;
    observer.observe({ type: 'audit', finding: { ...finding, task: 'settle', ticks: 60, misfire: 'all' } });
    observer.observe({ type: 'audit', finding: { ...finding, task: 'sweep', ticks: 30 } });
    await clock.advance(1_000);
    expect(logs.ours('warn')).toEqual([
      'No instance was there up to 2026-01-02T03:04:05.000Z, and ticks passed, as far as this instance can see: ' +
        "60 of 'settle' (its misfire policy 'all' starts what it can), 30 of 'sweep'.",
    ]);
  });

  it('tells of ticks that came too late once a minute, with the number of each task, however many a pause concerns', async () => {
    for (let count = 0; count < 4; count++) observer.observe(tick('misfire'));
    for (let count = 0; count < 2; count++) observer.observe(tick('misfire', undefined, 'report'));
    expect(logs.ours('warn')).toHaveLength(1);
    await clock.advance(60_000);
    expect(logs.ours('warn').slice(1)).toEqual([
      "Not started in time since the last line: 3 ticks of 'settle', 2 of 'report'. The newest: task 'report' could not start " +
        'tick 2026-01-02T03:04:05.000Z in time: it came too late.',
    ]);
    observer.observe(tick('misfire'));
    await clock.advance(60_000);
    expect(logs.ours('warn').at(-1)).toBe(
      "Task 'settle' could not start tick 2026-01-02T03:04:05.000Z in time: it came too late.",
    );
    expect(logs.ours('warn')).toHaveLength(3);
    await clock.advance(60_000);
    observer.observe(tick('misfire'));
    observer.observe(tick('misfire'));
    observer.observe(tick('misfire'));
    await clock.advance(60_000);
    expect(logs.ours('warn').slice(4)).toEqual([
      "Task 'settle' could not start tick 2026-01-02T03:04:05.000Z in time: it came too late. 1 more of this task since the last line.",
    ]);
  });

  it('names the largest of many tasks in one line, with how many others there are', async () => {
    observer.observe(tick('misfire', undefined, 'first'));
    for (let task = 1; task <= 47; task++)
      for (let count = 0; count < task; count++) observer.observe(tick('misfire', undefined, `task ${task}`));
    await clock.advance(60_000);
    expect(logs.ours('warn')).toHaveLength(2);
    expect(logs.ours('warn')[1]).toMatch(
      /^Not started in time since the last line: 47 ticks of 'task 47', 46 of 'task 46', .*38 of 'task 38' and 703 of 37 other tasks\. /,
    );
  });

  it('says at the end what it has left out, and then leaves no timer behind', async () => {
    for (let count = 0; count < 2; count++) observer.observe(tick('misfire'));
    observer.onModuleDestroy();
    expect(logs.ours('warn')).toHaveLength(2);
    await clock.advance(60_000);
    expect(logs.ours('warn')).toHaveLength(2);
  });
});
