import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import {
  DistributedScheduleRegistry,
  IntervalExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { EventLog } from './event-log.js';
import { bootApp } from './nest-app.js';

/** Promise.withResolvers, which Node 20 lacks. */
class Gate<T> {
  resolve: (value: T) => void = () => undefined;
  readonly promise = new Promise<T>((resolve) => {
    this.resolve = resolve;
  });
}

/** What happened, in order. */
@Injectable()
class Diary {
  readonly entries: string[] = [];
}

@Module({ providers: [Diary], exports: [Diary] })
class DiaryModule {}

@Injectable()
class Store implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  onApplicationBootstrap(): void {
    this.diary.entries.push('ready');
  }

  onModuleDestroy(): void {
    this.diary.entries.push('destroyed');
  }
}

@Injectable()
class Sweeper {
  /** Resolved by a test to let the run end. */
  readonly mayEnd = new Gate<void>();
  readonly hasStarted = new Gate<TickContext>();

  constructor(@Inject(Diary) private readonly diary: Diary) {}

  @IntervalExclusive(50, { name: 'sweep' })
  async sweep(tick: TickContext): Promise<void> {
    this.diary.entries.push('started');
    this.hasStarted.resolve(tick);
    await this.mayEnd.promise;
    this.diary.entries.push('ended');
  }
}

@Module({ imports: [DiaryModule], providers: [Store] })
class StoreModule {}

describe.each([
  ['the root module', { imports: [DiaryModule], providers: [Sweeper, Store] }],
  ['a module imported after ours', { imports: [DiaryModule, StoreModule], providers: [Sweeper] }],
])('with a store in %s', (_place, metadata) => {
  it('no run starts before it is ready, and none is in flight or starts once it is destroyed', async () => {
    const { app } = await bootApp(metadata);
    const sweeper = app.get(Sweeper);
    await sweeper.hasStarted.promise;
    const closed = app.close();
    const registry = app.get(DistributedScheduleRegistry);
    while (registry.status().state === 'running') await nextTurn();
    sweeper.mayEnd.resolve();
    await closed;
    const { entries } = app.get(Diary);
    expect(entries[0]).toBe('ready');
    expect(entries.at(-1)).toBe('destroyed');
    expect(entries.filter((entry) => entry === 'started')).toHaveLength(1);
    expect(entries.at(-2)).toBe('ended');
  });
});

describe('app.close()', () => {
  it('aborts a run that does not end within the time to shut down', async () => {
    const { app, events } = await bootApp({
      imports: [DiaryModule],
      providers: [Sweeper],
      schedule: { shutdownTimeoutMs: 50 },
    });
    const tick = await app.get(Sweeper).hasStarted.promise;
    expect(tick.signal.aborted).toBe(false);
    await app.close();
    expect(tick.signal.aborted).toBe(true);
    expect(events.of('tick').filter(({ report }) => report.outcome === 'success')).toEqual([]);
    app.get(Sweeper).mayEnd.resolve();
  });

  it('leaves no timer of ours behind', async () => {
    const timersBefore = countTimers();
    const { app, events } = await bootApp({ imports: [DiaryModule], providers: [Sweeper] });
    app.get(Sweeper).mayEnd.resolve();
    await events.nextRun('sweep');
    await app.close();
    expect(countTimers()).toBeLessThanOrEqual(timersBefore);
  });

  it('tells observers nothing more', async () => {
    const log = new EventLog();
    const { app } = await bootApp({
      imports: [DiaryModule],
      providers: [Sweeper],
      schedule: { observers: [log] },
    });
    app.get(Sweeper).mayEnd.resolve();
    await log.nextRun('sweep');
    await app.close();
    const count = log.events.length;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(log.events).toHaveLength(count);
  });
});

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
