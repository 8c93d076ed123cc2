import { AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
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
import { bootApp, type LogCapture } from './nest-app.js';

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

/** But for those of a busy machine, which starts a tick of so short a period too late. */
function warningsOf(logs: LogCapture): readonly string[] {
  return logs.ours('warn').filter((line) => !line.includes('could not start tick'));
}

describe('app.close()', () => {
  it('says what it waits for and for how long at most, and what it has left unfinished', async () => {
    const { app, logs } = await bootApp({
      imports: [DiaryModule],
      providers: [Sweeper],
      schedule: { shutdownTimeoutMs: 50 },
    });
    const { tick } = await app.get(Sweeper).hasStarted.promise;
    await app.close();
    const run = `'sweep' in tick ${new Date(tick).toISOString()}`;
    expect(logs.ours('log').at(-1)).toBe(`Shutting down: waits up to 50 ms for the run of ${run}.`);
    expect(warningsOf(logs)).toEqual([
      `Shut down after 50 ms (shutdownTimeoutMs). It did not end in time and was left unfinished: the run of ${run}. ` +
        'Its signal has aborted: end at tick.signal, or raise shutdownTimeoutMs.',
    ]);
    app.get(Sweeper).mayEnd.resolve();
  });

  it('says nothing where no run goes on, and nothing more where it ends in time', async () => {
    const { app, logs } = await bootApp({ imports: [DiaryModule], providers: [Sweeper, Store] });
    const sweeper = app.get(Sweeper);
    await sweeper.hasStarted.promise;
    const closed = app.close();
    const registry = app.get(DistributedScheduleRegistry);
    while (registry.status().state === 'running') await nextTurn();
    sweeper.mayEnd.resolve();
    await closed;
    expect(logs.ours('log').filter((line) => line.startsWith('Shutting down'))).toHaveLength(1);
    expect(warningsOf(logs)).toEqual([]);
    const idle = await bootApp({ providers: [] });
    await idle.app.close();
    expect([...idle.logs.ours('log'), ...idle.logs.ours('warn')].join()).not.toMatch(/Shut/);
  });

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
    // As long as another app runs two ticks of the same period.
    const other = await bootApp({ imports: [DiaryModule], providers: [Sweeper] });
    other.app.get(Sweeper).mayEnd.resolve();
    await other.events.nextRun('sweep');
    await other.events.nextRun('sweep');
    expect(log.events).toHaveLength(count);
  });
});

/** Of a shutdown that waits for itself a test would time out. */
const FOR_EVER_MS = 600_000;

@Injectable()
class Closer {
  app: { close(): Promise<void> } | undefined;
  readonly mayEnd = new Gate<void>();
  readonly hasClosed = new Gate<TickContext>();

  constructor(@Inject(Diary) private readonly diary: Diary) {}

  @IntervalExclusive(50, { name: 'close' })
  async close(tick: TickContext): Promise<void> {
    if (this.app === undefined) return;
    await this.app.close();
    this.diary.entries.push('closed');
    this.hasClosed.resolve(tick);
    await this.mayEnd.promise;
  }
}

describe('app.close() in a handler', () => {
  it('does not wait for that handler, whose run ends as any other', async () => {
    const { app, events } = await bootApp({
      imports: [DiaryModule],
      providers: [Closer, Store],
      schedule: { shutdownTimeoutMs: FOR_EVER_MS },
    });
    const closer = app.get(Closer);
    closer.app = app;
    const tick = await closer.hasClosed.promise;
    expect(app.get(Diary).entries).toEqual(['ready', 'destroyed', 'closed']);
    expect(tick.signal.aborted).toBe(false);
    tick.assertHeld();
    const ended = events.nextRun('close');
    closer.mayEnd.resolve();
    expect(await ended).toMatchObject({ tick: tick.tick, outcome: 'success' });
  });

  it('waits for the others', async () => {
    const { app } = await bootApp({
      imports: [DiaryModule],
      providers: [Closer, Sweeper, Store],
      schedule: { shutdownTimeoutMs: FOR_EVER_MS },
    });
    await app.get(Sweeper).hasStarted.promise;
    const closer = app.get(Closer);
    closer.app = app;
    const registry = app.get(DistributedScheduleRegistry);
    while (registry.status().state === 'running') await nextTurn();
    app.get(Sweeper).mayEnd.resolve();
    await closer.hasClosed.promise;
    closer.mayEnd.resolve();
    expect(app.get(Diary).entries.slice(-3)).toEqual(['ended', 'destroyed', 'closed']);
  });

  it('aborts that run too once it goes on for longer than the time to shut down', async () => {
    const { app, events } = await bootApp({
      imports: [DiaryModule],
      providers: [Closer],
      schedule: { shutdownTimeoutMs: 50 },
    });
    const closer = app.get(Closer);
    closer.app = app;
    const { signal } = await closer.hasClosed.promise;
    if (!signal.aborted) await once(signal, 'abort');
    const ended = events.nextRun('close');
    closer.mayEnd.resolve();
    expect(await ended).toMatchObject({ outcome: 'aborted' });
  });

  it('waits for runs as ever when the handler that has asked for it has returned', async () => {
    @Injectable()
    class Leaver {
      readonly hasLeft = new Gate<() => Promise<void>>();

      @IntervalExclusive(50, { name: 'leave' })
      leave(): void {
        this.hasLeft.resolve(AsyncResource.bind(() => (this.app as { close(): Promise<void> }).close()));
      }

      app: { close(): Promise<void> } | undefined;
    }
    const { app } = await bootApp({
      imports: [DiaryModule],
      providers: [Leaver, Sweeper, Store],
      schedule: { shutdownTimeoutMs: FOR_EVER_MS },
    });
    await app.get(Sweeper).hasStarted.promise;
    const leaver = app.get(Leaver);
    leaver.app = app;
    const close = await leaver.hasLeft.promise;
    const registry = app.get(DistributedScheduleRegistry);
    while (registry.status().tasks.some(({ name, running }) => name === 'leave' && running > 0))
      await nextTurn();
    const closed = close();
    while (registry.status().state === 'running') await nextTurn();
    app.get(Sweeper).mayEnd.resolve();
    await closed;
    expect(app.get(Diary).entries.slice(-2)).toEqual(['ended', 'destroyed']);
  });
});

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
