import {
  type ControlCondition,
  DistributedScheduleError,
  OUTCOMES,
  type ScheduleEvent,
} from 'nestjs-distributed-schedule';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LogStage, logStage, quorum, TICK, tick } from './log-stage.js';

let logs: LogStage['logs'];
let clock: LogStage['clock'];
let observer: LogStage['observer'];

beforeEach(() => {
  ({ logs, clock, observer } = logStage());
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
    expect(logs.ours('log')).toEqual(['The node set stands again: tasks run here again.']);
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
});
