import { Logger } from '@nestjs/common';
import {
  type ControlCondition,
  DistributedScheduleError,
  OUTCOMES,
  type Outcome,
  type ScheduleEvent,
} from 'nestjs-distributed-schedule';
import { ManualClock } from 'nestjs-distributed-schedule/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { SchedulerLogObserver } from '#src/nest/log/scheduler-log.observer.js';
import { LogCapture } from './nest-app.js';

const TICK = Date.parse('2026-01-02T03:04:05Z');

let logs: LogCapture;
let clock: ManualClock;
let observer: SchedulerLogObserver;

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  clock = new ManualClock();
  observer = new SchedulerLogObserver(clock);
});

const tick = (outcome: Outcome, error?: unknown, task = 'settle', detail?: string): ScheduleEvent => ({
  type: 'tick',
  report: {
    ...{ task, tick: TICK, outcome, instanceId: 'one' },
    ...(error === undefined ? {} : { error }),
    ...(detail === undefined ? {} : { detail }),
  },
});

const quorum = (reached: boolean): ScheduleEvent => ({
  type: 'quorum',
  reached,
  nodesAnswering: reached ? 3 : 1,
  nodes: 3,
});

describe('the log', () => {
  it('is silent about what a busy cluster does every second', () => {
    for (const outcome of OUTCOMES) {
      if (['success', 'cancelled', 'taken', 'buffered', 'stopped', 'missed', 'lost'].includes(outcome))
        observer.observe(tick(outcome));
    }
    observer.observe({ type: 'members', members: ['one'] });
    observer.observe({
      type: 'started',
      task: 'settle',
      tick: TICK,
      attempt: 1,
      isRetry: false,
      latenessMs: 0,
    });
    observer.observe({ type: 'renewed', task: 'settle', tick: TICK, trustedUntilMs: 1 });
    expect(logs.lines).toEqual([]);
  });

  it('warns of a task that goes by another definition here or is left alone, and notes other decisions', () => {
    const control = (condition: ControlCondition, isActive = true): ScheduleEvent => ({
      ...{ type: 'control', task: 'settle', condition, isActive, detail: 'because' },
    });
    observer.observe(control('follows_newer'));
    observer.observe(control('left_to_newer'));
    observer.observe(control('other_app'));
    observer.observe(control('name_shared'));
    observer.observe(control('left_alone'));
    observer.observe(control('unusable'));
    expect(logs.ours('warn')).toEqual([
      "Task 'settle' follows a newer version of the app: because.",
      "Task 'settle' is left to the instances of a newer version: because.",
      "Task 'settle' is left to another app: because.",
      "Task 'settle' has a name that another app uses: because.",
      "Task 'settle' is left alone by this instance: because.",
      "Task 'settle' is left alone: the schedule that was decided cannot be used here: because.",
    ]);
    observer.observe(control('paused'));
    observer.observe(control('paused', false));
    observer.observe(control('follows_newer', false));
    expect(logs.ours('log')).toEqual([
      "Task 'settle' is paused: because.",
      "Task 'settle' is no longer paused.",
      "Task 'settle' follows its definition here again.",
    ]);
    observer.observe(control('elsewhere'));
    expect(logs.lines).toHaveLength(10);
    expect(logs.lines.at(-1)?.level).toBe('debug');
  });

  it('shows a handler that failed, with its message', () => {
    observer.observe(tick('failed', new TypeError('no such account')));
    expect(logs.ours('error')).toEqual([
      "Task 'settle' failed in tick 2026-01-02T03:04:05.000Z: TypeError: no such account",
    ]);
  });

  it('shows what is behind the error of a handler, and has a line whatever was thrown', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    observer.observe(tick('failed', new TypeError('fetch failed', { cause })));
    observer.observe(tick('failed', { code: 'E_LIMIT', message: 'too many' }));
    observer.observe(tick('failed', Object.create(null)));
    observer.observe(tick('failed'));
    const failed = "Task 'settle' failed in tick 2026-01-02T03:04:05.000Z:";
    expect(logs.ours('error')).toEqual([
      `${failed} TypeError: fetch failed, caused by Error: connect ECONNREFUSED (code ECONNREFUSED)`,
      `${failed} { code: 'E_LIMIT', message: 'too many' }`,
      `${failed} {}`,
      `${failed} undefined, which says nothing of the reason`,
    ]);
  });

  it('never writes an error as a whole, since those of Redis clients carry a password', () => {
    const error = Object.assign(new Error('WRONGPASS'), {
      command: { name: 'hello', args: ['secret-password'] },
    });
    observer.observe({ type: 'error', error, where: 'redis' });
    observer.observe(tick('failed', error));
    expect(logs.ours('error')[0]).toBe('In redis: Error: WRONGPASS');
    expect(JSON.stringify(logs.lines)).not.toContain('secret-password');
  });

  it('leaves it to the watch of the store to tell of a majority, and of a node that gives no vote', () => {
    for (const reached of [true, false, true]) observer.observe(quorum(reached));
    const error = new DistributedScheduleError('DSCHED_CREDENTIALS_REFUSED', 'node 1 gives no vote');
    observer.observe({ type: 'error', error, where: 'node 1' });
    expect(logs.lines).toEqual([]);
  });

  it('says once and mildly that new masters abstain for a while, and warns where that does not end', async () => {
    const abstains = (task: string): void =>
      observer.observe(tick('no_quorum', undefined, task, 'claim: node 1: quarantined'));
    observer.observe(
      tick('no_quorum', undefined, 'settle', 'no bid: new nodes listen for other instances first'),
    );
    abstains('settle');
    abstains('report');
    await clock.advance(3_000);
    abstains('settle');
    expect(logs.lines.map(({ level, message }) => [level, message])).toEqual([
      [
        'log',
        'The nodes are new to this namespace, or were restarted. They grant nothing for about 3 s, in case they have ' +
          'forgotten something; then the first tick runs.',
      ],
    ]);
    await clock.advance(7_000);
    abstains('settle');
    expect(logs.ours('warn')).toEqual([
      "Task 'settle' found no majority for tick 2026-01-02T03:04:05.000Z: claim: node 1: quarantined. A master that is new, " +
        'or was restarted, abstains for about 3 s, in case it has forgotten something.',
    ]);
    await clock.advance(60_000);
    abstains('settle');
    expect(logs.ours('log')).toHaveLength(2);
  });

  it('tells once that a memory votes, however often that is decided while nodes come up', () => {
    const detail = 'its memory is new, and it votes';
    for (let count = 0; count < 2; count += 1)
      observer.observe({ type: 'identity', node: 'node 1', condition: 'votes', detail });
    expect(logs.ours('log')).toEqual(['node 1: its memory is new, and it votes.']);
  });

  it('tells of a lost lease and an aborted run', () => {
    observer.observe({ type: 'lease_lost', task: 'settle', tick: TICK, reason: 'no node answered' });
    observer.observe(tick('aborted', new Error('shutting down')));
    observer.observe(tick('timed_out', new Error('limit 50 ms')));
    expect(logs.ours('warn')).toEqual([
      "Task 'settle' lost its lease in tick 2026-01-02T03:04:05.000Z: no node answered. Its signal has aborted.",
      "Task 'settle' was aborted in tick 2026-01-02T03:04:05.000Z: Error: shutting down",
      "Task 'settle' took too long in tick 2026-01-02T03:04:05.000Z: Error: limit 50 ms",
    ]);
  });

  it('tells once that this instance has stopped bidding for good', () => {
    observer.observe({ type: 'fenced', reason: 'outdated' });
    observer.observe({ type: 'fenced', reason: 'outdated' });
    expect(logs.ours('error')).toHaveLength(1);
    expect(logs.ours('error')[0]).toContain('DSCHED_NODE_SET_OUTDATED');
  });

  it('tells of a set of nodes that does not stand, of one that gives way, and of the end of both', () => {
    observer.observe({ type: 'node_set', condition: 'bids', detail: 'the set stands' });
    expect(logs.ours('log')).toEqual([]);
    observer.observe({ type: 'node_set', condition: 'yields', detail: 'set 0badcafe goes on' });
    observer.observe({ type: 'node_set', condition: 'conflict', detail: "pass takeOver: '0badcafe'" });
    observer.observe({ type: 'node_set', condition: 'bids', detail: 'the set stands' });
    expect(logs.ours('error')[0]).toMatch(/^DSCHED_NODE_SET_CONFLICT: .*set 0badcafe goes on/);
    expect(logs.ours('error')[1]).toMatch(/^DSCHED_NODE_SET_CONFLICT: .*takeOver: '0badcafe'/);
    expect(logs.ours('log')).toEqual(['The node set stands again: this instance bids.']);
  });

  it('tells of servers behind the nodes what a person has to know', () => {
    const tell = (condition: 'votes' | 'forced' | 'wrong_server' | 'other_version'): void =>
      observer.observe({ type: 'identity', node: 'node 2', condition, detail: condition });
    for (const condition of ['votes', 'forced', 'wrong_server', 'other_version'] as const) tell(condition);
    observer.observe({ type: 'stamped', node: 'node 2', reason: 'forced' });
    expect(logs.ours('log')).toEqual(['node 2: votes.']);
    expect(logs.ours('warn')).toHaveLength(2);
    expect(logs.ours('error')[0]).toContain('DSCHED_WRONG_SERVER: node 2');
    expect(logs.ours('error')[1]).toContain('DSCHED_PROTOCOL_VERSION: node 2');
  });

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

describe('an outage of the store', () => {
  const missed = (
    task: string,
    at: number,
    cause: 'no_majority' | 'unclaimed' = 'no_majority',
  ): ScheduleEvent => ({
    type: 'audit',
    finding: {
      ...{ task, tick: at, ticks: 1, outcome: 'missed', cause, certain: false, instanceId: 'one' },
      detail: 'no majority of nodes answered this instance',
    },
  });
  const notRun = (task: string, at: number, detail = 'no bid was answered'): ScheduleEvent => ({
    type: 'tick',
    report: { task, tick: at, outcome: 'no_quorum', instanceId: 'one', detail },
  });

  it('is followed by one line that says what did not run, and the same ticks are not told again', async () => {
    observer.observe(quorum(true));
    observer.observe(quorum(false));
    for (let second = 0; second < 90; second += 1) {
      observer.observe(notRun('settle', TICK + second * 1_000));
      if (second % 5 === 0) observer.observe(notRun('report', TICK + second * 1_000));
      if (second >= 4) observer.observe(missed('settle', TICK + (second - 4) * 1_000));
      await clock.advance(1_000);
    }
    observer.observe(quorum(true));
    // Granted again a little later, and heard of by the audit later still.
    observer.observe(notRun('settle', TICK + 90_000, 'claim: node 1: quarantined'));
    for (let second = 86; second <= 90; second += 1)
      observer.observe(missed('settle', TICK + second * 1_000));
    observer.observe(missed('elsewhere', TICK + 80_000));
    expect(logs.ours('warn')).toEqual([]);
    await clock.advance(5_000);
    const told = [
      "For want of a quorum not run, as far as this instance knows: 91 ticks of 'settle', 18 of 'report', 1 of 'elsewhere'.",
    ];
    expect(logs.ours('warn')).toEqual(told);
    observer.observe(missed('report', TICK + 85_000));
    await clock.advance(120_000);
    expect(logs.ours('warn')).toEqual(told);
    observer.observe(missed('report', TICK + 200_000));
    expect(logs.ours('warn')).toHaveLength(2);
  });

  it('leaves what has another cause to its own line', () => {
    observer.observe(quorum(false));
    observer.observe(missed('settle', TICK, 'unclaimed'));
    expect(logs.ours('warn')).toHaveLength(1);
  });

  it('that comes and goes is summed up once a minute, and a long one at once', async () => {
    observer.observe(quorum(true));
    let newest = TICK;
    const outage = async (forMs: number): Promise<void> => {
      observer.observe(quorum(false));
      newest += 1_000;
      observer.observe(notRun('settle', newest));
      await clock.advance(forMs);
      observer.observe(quorum(true));
      await clock.advance(5_000);
    };
    for (let count = 0; count < 5; count += 1) await outage(1_000);
    expect(logs.ours('warn')).toHaveLength(1);
    await outage(12_000);
    expect(logs.ours('warn')).toHaveLength(2);
    expect(logs.ours('warn')[1]).toContain("5 ticks of 'settle'");
  });

  it('ends without a line where nothing was due', async () => {
    observer.observe(quorum(false));
    await clock.advance(60_000);
    observer.observe(quorum(true));
    await clock.advance(60_000);
    expect(logs.lines).toEqual([]);
  });
});
