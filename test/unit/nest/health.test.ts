import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { IntervalExclusive, type RegisteredTask } from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { describe, expect, it } from 'vitest';
import { indicatorOf } from './health-stage.js';
import { bootApp } from './nest-app.js';

@Injectable()
class Sweeper {
  @IntervalExclusive(50, { name: 'sweep' })
  sweep(): void {}
}

describe('readiness', () => {
  it('is degraded by a task that is left alone until a person does something, but not by a rolling deploy', () => {
    const tasks: Partial<RegisteredTask>[] = [
      { name: 'one', conditions: { other_app: "app 'billing' had it first" } },
      { name: 'two', conditions: { unusable: 'DSCHED_BAD_SCHEDULE' } },
      { name: 'three', conditions: { left_to_newer: 'it runs there every second' } },
    ];
    expect(indicatorOf({}, { tasks }).isReady('schedule').schedule).toMatchObject({
      status: 'degraded',
      impaired: [
        "'one' is left alone: app 'billing' had it first",
        "'two' is left alone: DSCHED_BAD_SCHEDULE",
      ],
    });
    expect(indicatorOf({ state: 'idle' }, { tasks }).isReady('schedule').schedule.status).toBe('up');
  });

  it('is up in an app that runs, with its tasks and their newest ticks', async () => {
    const { app, events } = await bootApp({
      imports: [DistributedScheduleHealthModule],
      providers: [Sweeper],
    });
    await events.nextRun('sweep');
    const { schedule } = app.get(DistributedScheduleHealthIndicator).isReady('schedule');
    expect(schedule).toMatchObject({
      status: 'up',
      state: 'running',
      quorum: true,
      nodes: 1,
      members: 1,
      impaired: [],
    });
    expect(schedule.tasks).toMatchObject({ sweep: { last: { outcome: 'success' } } });
  });

  it('is degraded without a quorum', () => {
    const { schedule } = indicatorOf({ quorum: false, nodesAnswering: 1 }).isReady('schedule');
    expect(schedule).toMatchObject({ status: 'degraded', impaired: ['no quorum: 1 of 3 nodes answer'] });
  });

  it('is degraded while the clocks of a majority of nodes were set back, and warns of a minority', () => {
    const nodeSet = { condition: 'bids' as const, detail: '', undisputedForMs: 1, problems: {} };
    const seen = (setBackMs: Record<string, number>) =>
      indicatorOf({ nodeSet: { ...nodeSet, setBackMs } }).isReady('schedule').schedule;
    const [one, two] = [{ 'node 1': 3_590_000 }, { 'node 1': 3_590_000, 'node 2': 3_400_000 }];
    expect(seen(two)).toMatchObject({
      status: 'degraded',
      impaired: [
        expect.stringMatching(/^the clocks of node 1 and node 2 were set back by at least 59 min: /),
      ],
      warnings: [],
    });
    expect(seen(one)).toMatchObject({
      status: 'up',
      warnings: [expect.stringMatching(/^the clock of node 1 was set back by at least 59 min: /)],
    });
    const { schedule } = indicatorOf({ clockAheadMs: 3_500_000 }).isReady('schedule');
    expect(schedule).toMatchObject({ status: 'degraded', impaired: [expect.stringContaining('restart it')] });
  });

  it('shows what was missed and lost since the start, and is not degraded by it', () => {
    const { schedule } = indicatorOf({ audit: { missed: 3, lost: 1, stuck: 0 } }).isReady('schedule');
    expect(schedule).toMatchObject({ status: 'up', audit: { missed: 3, lost: 1, stuck: 0 } });
  });

  it('is degraded while a run goes on without its lease', () => {
    const leases = [{ task: 'settle', tick: 1_000, remainingMs: 0 }];
    const { schedule } = indicatorOf({ leases }).isReady('schedule');
    expect(schedule).toMatchObject({
      status: 'degraded',
      impaired: ["a run of 'settle' goes on although its lease is lost"],
    });
  });

  it('is degraded while a run is stuck, and shows since when it goes on', () => {
    const run = {
      ...{ task: 'settle', tick: 1_000, attempt: 1, fencingToken: 1_000, claimId: 'c', instanceId: 'one' },
      ...{ startedMs: 1_000.4, state: 'running' as const, isStuck: true },
    };
    const runs = [run, { ...run, task: 'report', isStuck: false }, { ...run, state: 'given_up' as const }];
    const { schedule } = indicatorOf({ runs }).isReady('schedule');
    const since = '1970-01-01T00:00:01.000Z';
    expect(schedule).toMatchObject({
      status: 'degraded',
      impaired: [
        `a run of 'settle' is stuck: that of tick ${since} goes on since ${since}`,
        `a run of 'settle' is stuck: that of tick ${since} goes on as given_up since ${since}`,
      ],
      stuck: [
        { task: 'settle', tick: since, since, attempt: 1, state: 'running' },
        { task: 'settle', tick: since, since, attempt: 1, state: 'given_up' },
      ],
    });
  });

  it('is degraded while the newest tick of a task found no majority, although beats do', () => {
    const report = {
      task: 'settle',
      tick: 1_000,
      instanceId: 'one',
      detail: 'claim: node 1: early',
    } as const;
    const task = {
      name: 'settle',
      schedule: 'every second',
      eligible: true,
      nextTick: 2_000,
      lastRun: undefined,
      running: 0,
      missed: 0,
      lost: 0,
      stuck: 0,
      runs: [],
    };
    const tasks = [{ ...task, lastReport: { ...report, outcome: 'no_quorum' as const } }];
    const { schedule } = indicatorOf({ tasks }).isReady('schedule');
    expect(schedule).toMatchObject({
      status: 'degraded',
      impaired: ["ticks of 'settle' find no majority: claim: node 1: early"],
    });
    const lost = indicatorOf({ tasks, quorum: false, nodesAnswering: 1 }).isReady('schedule').schedule;
    expect(lost.impaired).toEqual(['no quorum: 1 of 3 nodes answer']);
    const healed = [{ ...task, lastReport: { ...report, outcome: 'taken' as const } }];
    expect(indicatorOf({ tasks: healed }).isReady('schedule').schedule.status).toBe('up');
  });

  it('is degraded on an instance that has met a newer node set', () => {
    expect(indicatorOf({ state: 'fenced' }).isReady('schedule').schedule.status).toBe('degraded');
  });

  it('is up with the same reasons on Terminus 11, which has no word for it', () => {
    const eleven = {
      check: (key: string) => ({ up: (details: object) => ({ [key]: { status: 'up', ...details } }) }),
    } as unknown as HealthIndicatorService;
    const { schedule } = indicatorOf({ quorum: false, nodesAnswering: 0 }, { service: eleven }).isReady(
      'schedule',
    );
    expect(schedule).toMatchObject({ status: 'up', impaired: ['no quorum: 0 of 3 nodes answer'] });
  });

  it('is up on an instance that does not bid', () => {
    expect(indicatorOf({ state: 'idle', quorum: false }).isReady('schedule').schedule.status).toBe('up');
  });

  it('is down while the app shuts down', () => {
    expect(indicatorOf({ state: 'stopping' }).isReady('schedule').schedule.status).toBe('down');
    expect(indicatorOf({ state: 'stopped' }).isReady('schedule').schedule.status).toBe('down');
  });

  it('shows a large clock skew as a warning, since it harms no tick', () => {
    const { schedule } = indicatorOf({ skewMs: -2_500 }).isReady('schedule');
    expect(schedule).toMatchObject({
      status: 'up',
      clockSkewMs: -2_500,
      warnings: ["this machine's clock is 2500 ms behind cluster time"],
    });
  });
});

describe('a node that is up and gives no vote', () => {
  it('is a warning with its code, as long as a majority votes', () => {
    const nodes = [{ label: 'node 2', answering: true, problem: 'DSCHED_UNSUPPORTED_STORE' }];
    const { schedule } = indicatorOf({}, { store: { strength: 'quorum', nodes } }).isReady('schedule');
    expect(schedule).toMatchObject({
      status: 'up',
      warnings: ['node 2 gives no vote: DSCHED_UNSUPPORTED_STORE'],
    });
  });

  it('is a warning with its reason, whether it votes again soon or not, and nodes with the same one share it', () => {
    const why = 'nobody listens at its address (ECONNREFUSED): start Redis there';
    const nodes = [
      { label: 'node 1', answering: false, why },
      { label: 'node 2', answering: true },
      { label: 'node 3', answering: false, why },
    ];
    const store = { strength: 'quorum', nodes } as const;
    const warning = `Each of node 1 and node 3 gives no vote: ${why}`;
    expect(indicatorOf({}, { store }).isReady('schedule').schedule).toMatchObject({
      status: 'up',
      warnings: [warning],
    });
    const lost = { quorum: false, nodesAnswering: 1, withoutQuorumMs: 240_000 };
    expect(indicatorOf(lost, { store }).isReady('schedule').schedule).toMatchObject({
      status: 'degraded',
      impaired: ['no quorum: 1 of 3 nodes answer, and no task could start here for 4 min', warning],
      warnings: [],
    });
    const never = { ...lost, hadQuorum: false, withoutQuorumMs: 900 };
    expect(indicatorOf(never, { store }).isReady('schedule').schedule).toMatchObject({
      impaired: ['no quorum yet: 1 of 3 nodes answer', warning],
    });
  });
});
