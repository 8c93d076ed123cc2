import { Injectable, Scope } from '@nestjs/common';
import {
  DistributedScheduleRegistry,
  EverySecondExclusive,
  ExclusiveHandler,
  IntervalExclusive,
  type TickContext,
  TimeoutExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError } from './nest-app.js';

@Injectable()
class Desk {
  readonly sent: unknown[] = [];

  /** Seldom enough that no tick of its own comes in between. */
  @IntervalExclusive(86_400_000, { name: 'sweep' })
  sweep(tick: TickContext): void {
    this.sent.push(tick.payload);
  }

  @ExclusiveHandler({ name: 'send' })
  send(tick: TickContext): void {
    this.sent.push(tick.payload);
  }
}

describe('the registry of a single process', () => {
  it('pauses and resumes a task, and lists it all the time', async () => {
    const { app } = await bootApp({ providers: [Desk] });
    const registry = app.get(DistributedScheduleRegistry);
    expect(registry.get('sweep')).toMatchObject({ state: 'active', source: 'code', newestRun: undefined });
    await registry.pause('sweep');
    expect(registry.get('sweep')).toMatchObject({ state: 'paused', nextTick: undefined });
    await registry.resume('sweep');
    expect(registry.get('sweep').nextTick).toBeGreaterThan(Date.now());
  });

  it('runs a triggered tick with its payload, and shows it as the newest run', async () => {
    const { app, events } = await bootApp({ providers: [Desk] });
    const registry = app.get(DistributedScheduleRegistry);
    const { tick } = await registry.trigger('sweep', { payload: { by: 'hand' } });
    expect(await events.nextRun('sweep')).toMatchObject({ tick, outcome: 'success' });
    expect(app.get(Desk).sent).toEqual([{ by: 'hand' }]);
    expect(registry.get('sweep').newestRun).toMatchObject({ tick, outcome: 'success' });
  });

  it('refuses to trigger or to reschedule a timeout, which runs once and at no other time', async () => {
    @Injectable()
    class WarmUp {
      @TimeoutExclusive(600_000, { name: 'warm up', deploymentKey: 'build 7' })
      run(): void {}
    }
    const { app } = await bootApp({ providers: [WarmUp] });
    const registry = app.get(DistributedScheduleRegistry);
    const refusals = [registry.trigger('warm up'), registry.reschedule('warm up', { everyMs: 60_000 })];
    for (const refusal of refusals) {
      const { message } = await bootError(refusal);
      expect(message).toContain("DSCHED_RUNS_ONCE: task 'warm up': it is a timeout");
      expect(message).toContain('deploy with another deploymentKey');
    }
  });

  it('runs each of many triggers that come at once, once and with its own payload, null included', async () => {
    const { app, events } = await bootApp({ providers: [Desk] });
    const registry = app.get(DistributedScheduleRegistry);
    // On a busy machine some may be too late for their limit, and several may end in one turn of the event loop.
    await registry.add({ name: 'same', runs: 'send', everyMs: 2_000, payload: 'its own', misfire: 'all' });
    const triggered = await Promise.all([1, null, 3].map((payload) => registry.trigger('same', { payload })));
    const ticks = triggered.map(({ tick }) => tick);
    expect(ticks).toEqual([...new Set(ticks)].sort());
    const ran = await events.runsOf('same', ticks);
    expect(ran).toHaveLength(new Set(ran).size);
    // Once a minute 'sweep' runs as well, and has no payload.
    const sent = app.get(Desk).sent.filter((payload) => payload !== 'its own' && payload !== undefined);
    expect(sent).toEqual([1, null, 3]);
  });

  it.each<[string, object, string]>([
    ['that is off', { enabled: false }, 'this instance runs no tasks, as its option enabled is false'],
    ['without the labels', {}, 'this instance has not the labels that the task asks for (eu)'],
  ])('refuses to trigger on an instance %s and alone, and says so', async (_how, schedule, why) => {
    @Injectable()
    class Placed {
      @IntervalExclusive(60_000, { name: 'placed', runOn: ['eu'] })
      run(): void {}
    }
    const { app } = await bootApp({ providers: [Placed], schedule });
    const error = await bootError(app.get(DistributedScheduleRegistry).trigger('placed'));
    expect(error.message).toBe(
      `DSCHED_NOBODY_RUNS: task 'placed': ${why}, and without \`redis\` it sees no other process. Nothing was written. Start an ` +
        'instance that runs it, and repeat the call a few seconds later',
    );
  });

  it('refuses to trigger what is switched off, by an option or by a factory', async () => {
    @Injectable()
    class Off {
      @IntervalExclusive(60_000, { name: 'by option', disabled: true })
      byOption(): void {}

      @IntervalExclusive({ useFactory: () => null }, { name: 'by factory' })
      byFactory(): void {}
    }
    const { app } = await bootApp({ providers: [Off] });
    for (const name of ['by option', 'by factory']) {
      await expect(app.get(DistributedScheduleRegistry).trigger(name)).rejects.toMatchObject({
        code: 'DSCHED_TASK_DISABLED',
        task: name,
      });
    }
  });

  it('adds a task that runs a handler, reschedules and removes it', async () => {
    const { app, events } = await bootApp({ providers: [Desk] });
    const registry = app.get(DistributedScheduleRegistry);
    const added = await registry.add({ name: 'acme', runs: 'send', everyMs: 100, payload: 'acme' });
    expect(added).toMatchObject({ source: 'runtime', state: 'active', schedule: 'every 100 ms' });
    await events.nextRun('acme');
    expect(app.get(Desk).sent).toContain('acme');
    expect(await registry.reschedule('acme', { everyMs: 60_000 })).toMatchObject({
      schedule: 'every 1 min',
    });
    expect(await registry.restoreSchedule('acme')).toMatchObject({ schedule: 'every 100 ms' });
    await registry.remove('acme');
    expect(registry.has('acme')).toBe(false);
  });

  it('adds a task that runs the method of a decorated one', async () => {
    const { app, events } = await bootApp({ providers: [Desk] });
    await app
      .get(DistributedScheduleRegistry)
      .add({ name: 'again', runs: 'sweep', everyMs: 100, payload: 7 });
    await events.nextRun('again');
    expect(app.get(Desk).sent).toContain(7);
  });

  it('takes decisions from onApplicationBootstrap until it closes, and says so before and after', async () => {
    const failures: unknown[] = [];
    @Injectable()
    class Eager {
      constructor(private readonly registry: DistributedScheduleRegistry) {}

      async onModuleInit(): Promise<void> {
        await this.registry.pause('sweep').catch((error: unknown) => failures.push(error));
      }

      async onApplicationBootstrap(): Promise<void> {
        await this.registry.add({ name: 'mine', runs: 'send', everyMs: 60_000 });
      }
    }
    Reflect.defineMetadata('design:paramtypes', [DistributedScheduleRegistry], Eager);
    const { app } = await bootApp({ providers: [Desk, Eager] });
    expect(failures).toMatchObject([{ code: 'DSCHED_NOT_KEPT' }]);
    expect(String(failures[0])).toContain('onModuleInit');
    const registry = app.get(DistributedScheduleRegistry);
    expect(registry.has('mine')).toBe(true);
    await app.close();
    await expect(registry.pause('sweep')).rejects.toThrow(/^DSCHED_NOT_KEPT: .*this instance has closed/);
  });
});

describe('@ExclusiveHandler', () => {
  it('refuses what is no method, no name and no option', () => {
    expect(() => ExclusiveHandler({} as never)).toThrow('DSCHED_BAD_OPTION');
    expect(() => ExclusiveHandler({ name: 'a', cron: '* * * * *' } as never)).toThrow(
      'DSCHED_UNKNOWN_OPTION',
    );
    expect(() => ExclusiveHandler({ name: 'a' })(class {} as never, 'b', {} as never)).toThrow(
      'DSCHED_NOT_A_METHOD',
    );
  });

  it('stops the boot when two methods have one name, or no instance of its class exists', async () => {
    @Injectable()
    class Second {
      @ExclusiveHandler({ name: 'send' })
      send(): void {}
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @ExclusiveHandler({ name: 'late' })
      late(): void {}
    }
    expect(await bootError(bootApp({ providers: [Desk, Second] }))).toMatchObject({
      code: 'DSCHED_DUPLICATE_TASK',
    });
    expect(await bootError(bootApp({ providers: [PerRequest] }))).toMatchObject({
      code: 'DSCHED_REQUEST_SCOPED',
    });
  });

  it('stops the boot when a task has its name: an added task could mean either', async () => {
    @Injectable()
    class Twin {
      @EverySecondExclusive({ name: 'send' })
      send(): void {}
    }
    const error = await bootError(bootApp({ providers: [Desk, Twin] }));
    expect(error).toMatchObject({ code: 'DSCHED_DUPLICATE_TASK', task: 'send' });
    expect(error.message).toContain('Twin.send');
  });

  it('is no task by itself', async () => {
    @Injectable()
    class Both {
      @EverySecondExclusive({ name: 'pulse' })
      pulse(): void {}

      @ExclusiveHandler({ name: 'send' })
      send(): void {}
    }
    const { app } = await bootApp({ providers: [Both] });
    expect(
      app
        .get(DistributedScheduleRegistry)
        .list()
        .map(({ name }) => name),
    ).toEqual(['pulse']);
  });
});
