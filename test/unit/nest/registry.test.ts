import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleRegistry,
  IntervalExclusive,
  LeaseRenewalService,
  type TickContext,
  type TrustChange,
} from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ObserverFanout } from '#src/protocol/scheduler/observer-fanout.js';
import { Scheduler } from '#src/protocol/scheduler/scheduler.js';
import { EventLog } from './event-log.js';
import { bootApp } from './nest-app.js';

@Injectable()
class Sweeper {
  run: (tick: TickContext) => Promise<void> = async () => undefined;

  @IntervalExclusive(50, { name: 'sweep' })
  async sweep(tick: TickContext): Promise<void> {
    await this.run(tick);
  }
}

describe('DistributedScheduleRegistry', () => {
  it('tells what a task is, when it is due and how it ended', async () => {
    const { app, events } = await bootApp({ providers: [Sweeper] });
    const registry = app.get(DistributedScheduleRegistry);
    const report = await events.nextRun('sweep');
    const status = registry.get('sweep');
    expect(status).toMatchObject({ name: 'sweep', schedule: 'every 50 ms', running: 0 });
    expect(status.lastRun).toEqual({ tick: report.tick, outcome: 'success' });
    expect(status.nextTick).toBeGreaterThan(report.tick);
    expect(registry.has('sweep')).toBe(true);
    expect(registry.list()).toHaveLength(1);
  });

  it('throws for a task that it does not know, and lists those it knows', async () => {
    const { app } = await bootApp({ providers: [Sweeper] });
    const registry = app.get(DistributedScheduleRegistry);
    expect(() => registry.get('swep')).toThrow(
      "DSCHED_UNKNOWN_TASK: no task 'swep' is registered on this instance. Did you mean 'sweep'? There are 'sweep'.",
    );
    expect(registry.has('swep')).toBe(false);
  });

  it('answers about one task without looking at the others', async () => {
    const { app } = await bootApp({ providers: [Sweeper] });
    const registry = app.get(DistributedScheduleRegistry);
    const all = vi.spyOn(Scheduler.prototype, 'status');
    onTestFinished(() => all.mockRestore());
    expect(registry.get('sweep').name).toBe('sweep');
    expect(registry.has('sweep')).toBe(true);
    expect(all).not.toHaveBeenCalled();
  });

  it('adds and removes observers while the app runs', async () => {
    const { app } = await bootApp({ providers: [Sweeper] });
    const registry = app.get(DistributedScheduleRegistry);
    const log = new EventLog();
    registry.addObserver(log);
    registry.addObserver(log);
    const { tick } = await log.nextRun('sweep');
    registry.removeObserver(log);
    const endings = log.of('tick').filter(({ report }) => report.tick === tick);
    expect(endings).toHaveLength(1);
  });
});

describe('LeaseRenewalService', () => {
  it('shows the lease of a run in flight, renews it on demand and tells of it', async () => {
    const { app, events } = await bootApp({ providers: [Sweeper] });
    const leases = app.get(LeaseRenewalService);
    const changes: TrustChange[] = [];
    const stopListening = leases.onTrustChange((change) => changes.push(change));
    const seen: ReturnType<typeof leases.list>[number][] = [];
    app.get(Sweeper).run = async () => {
      const renewed = events.next('renewed');
      seen.push(...leases.list());
      leases.renewNow();
      await renewed;
      app.get(Sweeper).run = async () => undefined;
    };
    await events.nextRun('sweep');
    stopListening();
    expect(seen).toHaveLength(1);
    expect(seen[0]?.task).toBe('sweep');
    expect(seen[0]?.remainingMs).toBeGreaterThan(0);
    expect(changes[0]).toMatchObject({ type: 'renewed', task: 'sweep', tick: seen[0]?.tick });
    // The run is reported before its lock is released.
    await vi.waitFor(() => expect(leases.list()).toEqual([]));
  });
});

describe('the fan-out to observers', () => {
  it('goes on when an observer throws, and tells the others', () => {
    const log = new EventLog();
    const broken = {
      calls: 0,
      observe(): void {
        this.calls += 1;
        throw new Error('broken');
      },
    };
    const fanout = new ObserverFanout([broken, log]);
    fanout.observe({ type: 'members', members: ['one'] });
    expect(log.events.map((event) => event.type).sort()).toEqual(['error', 'members']);
    // It is not told its own error, which would only make it throw again.
    expect(broken.calls).toBe(1);
    expect(log.of('error')[0]).toMatchObject({ where: 'observer', error: new Error('broken') });
  });

  it('takes the rejection of an async observer, which would end the process, and tells the others', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const log = new EventLog();
    const rejecting = { observe: async (): Promise<void> => Promise.reject(new Error('rejected')) };
    const fanout = new ObserverFanout([rejecting, log, { ...rejecting }]);
    fanout.observe({ type: 'members', members: ['one'] });
    // Node tells of an unhandled rejection before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(log.of('error').map(({ where, error }) => [where, error])).toEqual([
      ['observer', new Error('rejected')],
      ['observer', new Error('rejected')],
    ]);
  });

  it('takes the rejection of an async listener of trust changes', async () => {
    const log = new EventLog();
    const fanout = new ObserverFanout([log]);
    const leases = new LeaseRenewalService({} as never, fanout);
    leases.onTrustChange(async () => Promise.reject(new Error('rejected')));
    const told = log.next('error');
    fanout.observe({ type: 'renewed', task: 'sweep', tick: 1, trustedUntilMs: 2 });
    expect(await told).toMatchObject({ where: 'observer', error: new Error('rejected') });
  });

  it('lets an observer remove itself while it is told', () => {
    const log = new EventLog();
    const once = {
      observe(): void {
        fanout.remove(once);
      },
    };
    const fanout = new ObserverFanout([once, log]);
    fanout.observe({ type: 'members', members: ['one'] });
    fanout.observe({ type: 'members', members: ['two'] });
    expect(log.events).toHaveLength(2);
  });
});
