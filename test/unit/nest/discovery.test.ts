import { Controller, Injectable } from '@nestjs/common';
import {
  CronExclusive,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  IntervalExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { type BootOptions, bootApp } from './nest-app.js';

const taskNames = async (options: BootOptions): Promise<string[]> => {
  const { app } = await bootApp(options);
  return app
    .get(DistributedScheduleRegistry)
    .list()
    .map((task) => task.name);
};

@Injectable()
class Settlement {
  readonly ticks: TickContext[] = [];

  @IntervalExclusive(50)
  settle(tick: TickContext): void {
    this.ticks.push(tick);
  }

  @CronExclusive('0 3 * * *', { name: 'report', timeZone: 'Europe/Vienna' })
  report(): void {}

  @EverySecondExclusive()
  audit(): void {}
}

describe('exclusive methods', () => {
  it('are found in providers, named after class and method unless they are given a name', async () => {
    expect(await taskNames({ providers: [Settlement] })).toEqual([
      'Settlement.settle',
      'report',
      'Settlement.audit',
    ]);
  });

  it('run with the context of their tick', async () => {
    const { app, events } = await bootApp({ providers: [Settlement], schedule: { instanceId: 'one' } });
    const report = await events.nextRun('Settlement.settle');
    const [tick] = app.get(Settlement).ticks.filter((context) => context.tick === report.tick);
    expect(report.outcome).toBe('success');
    expect(tick).toMatchObject({
      task: 'Settlement.settle',
      fencingToken: report.tick,
      attempt: 1,
      instanceId: 'one',
    });
    expect(tick?.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
    expect(report.tick % 50).toBe(0);
  });

  it('are found in controllers', async () => {
    @Controller()
    class Shop {
      @EverySecondExclusive()
      tidy(): void {}
    }
    expect(await taskNames({ controllers: [Shop] })).toEqual(['Shop.tidy']);
  });

  it('are found in what factories and values provide', async () => {
    class Made {
      @EverySecondExclusive()
      run(): void {}
    }
    class Given {
      @EverySecondExclusive()
      run(): void {}
    }
    const providers = [
      { provide: 'MADE', useFactory: async () => new Made() },
      { provide: 'GIVEN', useValue: new Given() },
    ];
    expect(await taskNames({ providers })).toEqual(['Made.run', 'Given.run']);
  });

  it('count once when an alias shows the same instance', async () => {
    const providers = [Settlement, { provide: 'ALIAS', useExisting: Settlement }];
    expect(await taskNames({ providers })).toHaveLength(3);
  });

  it('are inherited, under the name of the class that is provided', async () => {
    class Base {
      @EverySecondExclusive()
      run(): void {}
    }
    @Injectable()
    class Sub extends Base {}
    const providers = [Sub, { provide: Base, useExisting: Sub }];
    expect(await taskNames({ providers })).toEqual(['Sub.run']);
  });

  it('are two tasks when both a base class and its subclass are provided', async () => {
    @Injectable()
    class Base {
      @EverySecondExclusive()
      run(): void {}
    }
    @Injectable()
    class Sub extends Base {}
    expect(await taskNames({ providers: [Base, Sub] })).toEqual(['Base.run', 'Sub.run']);
  });

  it('are none any more where a subclass overrides them without a decorator', async () => {
    class Base {
      @EverySecondExclusive()
      run(): void {}
    }
    @Injectable()
    class Sub extends Base {
      override run(): void {}
    }
    expect(await taskNames({ providers: [Sub] })).toEqual([]);
  });

  it('survive a decorator that replaces the method without copying its metadata', async () => {
    const traced = (
      _prototype: object,
      _name: string,
      descriptor: PropertyDescriptor,
    ): PropertyDescriptor => ({
      ...descriptor,
      value: () => undefined,
    });
    @Injectable()
    class Traced {
      @traced
      @EverySecondExclusive()
      above(): void {}

      @EverySecondExclusive()
      @traced
      below(): void {}
    }
    expect(await taskNames({ providers: [Traced] })).toEqual(['Traced.above', 'Traced.below']);
  });

  it('are listed and not scheduled when disabled', async () => {
    @Injectable()
    class Sleeper {
      @EverySecondExclusive({ disabled: true })
      run(): void {}
    }
    const { app } = await bootApp({ providers: [Sleeper] });
    const registry = app.get(DistributedScheduleRegistry);
    expect(registry.list()).toMatchObject([{ name: 'Sleeper.run', state: 'disabled', source: 'code' }]);
    expect(registry.status().tasks).toEqual([]);
  });
});
