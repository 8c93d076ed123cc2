import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import {
  DistributedScheduleRegistry,
  type SchedulerStatus,
  type StoreStatus,
} from 'nestjs-distributed-schedule';
import { DistributedScheduleHealthIndicator } from 'nestjs-distributed-schedule/terminus';
import { describe, expect, it } from 'vitest';
import { HEALTHY, indicatorOf } from './health-stage.js';
import { bootApp } from './nest-app.js';

describe('the start gate', () => {
  const why = 'it refuses the user or the password (WRONGPASS): compare both with ACL LIST';
  const refused: StoreStatus = {
    strength: 'single',
    nodes: [{ label: 'node 1', answering: false, problem: 'DSCHED_CREDENTIALS_REFUSED', why }],
  };
  const never = { quorum: false, hadQuorum: false, nodesAnswering: 0 } as const;
  const set = (condition: 'waits' | 'yields' | 'conflict' | 'outdated'): Partial<SchedulerStatus> => ({
    nodeSet: { condition, detail: `it ${condition}`, undisputedForMs: undefined, problems: {} },
  });

  it('is down until a majority has answered once, with the reason', () => {
    expect(indicatorOf(never, { store: refused }).isStarted('schedule').schedule).toMatchObject({
      status: 'down',
      waitsFor: [
        'no quorum yet: 0 of 1 nodes answer',
        `node 1 gives no vote: DSCHED_CREDENTIALS_REFUSED: ${why}`,
      ],
    });
    expect(indicatorOf({}).isStarted('schedule').schedule).toMatchObject({ status: 'up', waitsFor: [] });
  });

  it.each([
    [
      'that is fenced',
      { state: 'fenced' as const },
      'a newer generation of the node set is in use, so this instance never bids',
    ],
    [
      'of an older generation',
      set('outdated'),
      'a newer generation of the node set is in use, so this instance never bids',
    ],
    ['beside another set of nodes', set('yields'), 'this instance does not bid: it yields'],
    ['that waits for other instances or nodes', set('waits'), 'this instance does not bid: it waits'],
    ['that a person has to help', set('conflict'), 'this instance does not bid: it conflict'],
  ])('is down for an instance %s', (_title, status, reason) => {
    expect(indicatorOf(status).isStarted('schedule').schedule).toMatchObject({
      status: 'down',
      waitsFor: [reason],
    });
  });

  it('stays up once it was, whatever becomes of the store and the app', () => {
    const status: Partial<SchedulerStatus>[] = [
      never,
      {},
      { ...never, state: 'fenced' },
      { state: 'stopping' },
    ];
    const registry = {
      status: () => ({ ...HEALTHY, ...status[0] }),
      store: () => refused,
    } as unknown as DistributedScheduleRegistry;
    const indicator = new DistributedScheduleHealthIndicator(new HealthIndicatorService(), registry);
    const asked = status.slice().map(() => {
      const { schedule } = indicator.isStarted('schedule');
      status.shift();
      return schedule.status;
    });
    expect(asked).toEqual(['down', 'up', 'up', 'up']);
  });

  it('is up at once where the app is to start without its store', () => {
    const indicator = indicatorOf(never, { store: refused });
    expect(indicator.isStarted('schedule', { startWithoutStore: true }).schedule.status).toBe('up');
  });

  it('goes by connections on an instance that runs nothing and sends no beats', () => {
    const idle = { ...never, state: 'idle' } as const;
    expect(indicatorOf(idle).isStarted('schedule').schedule.status).toBe('up');
    expect(indicatorOf(idle, { store: refused }).isStarted('schedule').schedule.status).toBe('down');
  });
});

describe('liveness', () => {
  it('does not depend on the store', () => {
    expect(indicatorOf({ quorum: false, nodesAnswering: 0 }).isLive('schedule').schedule.status).toBe('up');
    expect(indicatorOf({ state: 'fenced' }).isLive('schedule').schedule).toMatchObject({
      status: 'up',
      state: 'fenced',
    });
  });
});

describe('the health indicator', () => {
  it('can be listed among the providers of a module beside TerminusModule', async () => {
    const { app } = await bootApp({
      imports: [TerminusModule],
      providers: [DistributedScheduleHealthIndicator],
    });
    expect(app.get(DistributedScheduleHealthIndicator).isLive('schedule').schedule.status).toBe('up');
  });
});
