/** Request-scoped providers whose exclusive methods ask for an instance per run. */

import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ContextIdFactory, type ContextIdStrategy, REQUEST } from '@nestjs/core';
import { IntervalExclusive, type TickContext } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { bootApp, bootError } from './nest-app.js';

it('each run has an instance of its own, and so has what it injects, with the tick as REQUEST', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class UnitOfWork {
    constructor(@Inject(REQUEST) readonly tick: TickContext) {}
  }
  const runs: { instance: object; injected: TickContext; given: TickContext }[] = [];
  @Injectable()
  class Billing {
    constructor(@Inject(UnitOfWork) readonly work: UnitOfWork) {}

    @IntervalExclusive(50, { name: 'bill', perTick: true })
    run(tick: TickContext): void {
      runs.push({ instance: this, injected: this.work.tick, given: tick });
    }
  }
  const { events } = await bootApp({ providers: [UnitOfWork, Billing] });
  expect((await events.nextRun('bill')).outcome).toBe('success');
  expect((await events.nextRun('bill')).outcome).toBe('success');
  expect(runs[0]?.instance).toBeInstanceOf(Billing);
  expect(runs[0]?.instance).not.toBe(runs[1]?.instance);
  for (const { injected, given } of runs) expect(injected).toBe(given);
});

it('a transient provider is made anew for each run', async () => {
  const instances = new Set<object>();
  @Injectable({ scope: Scope.TRANSIENT })
  class Fleeting {
    @IntervalExclusive(50, { name: 'fleet', perTick: true })
    run(): void {
      instances.add(this);
    }
  }
  const { events } = await bootApp({ providers: [Fleeting] });
  await events.nextRun('fleet');
  await events.nextRun('fleet');
  expect(instances.size).toBeGreaterThanOrEqual(2);
});

it('of two modules with different providers under one token each runs its own', async () => {
  const ran = new Set<string>();
  const providerFor = (place: string) => {
    @Injectable({ scope: Scope.REQUEST })
    class Work {
      @IntervalExclusive(50, { name: place, perTick: true })
      run(): void {
        ran.add(place);
      }
    }
    return { provide: 'WORK', useClass: Work };
  };
  @Module({ providers: [providerFor('one')] })
  class One {}
  @Module({ providers: [providerFor('other')] })
  class Other {}
  const { events } = await bootApp({ imports: [One, Other] });
  await Promise.all([events.nextRun('one'), events.nextRun('other')]);
  expect([...ran].sort()).toEqual(['one', 'other']);
});

it('durable providers are shared by the runs that the strategy of the app puts together', async () => {
  const tenant = ContextIdFactory.create();
  const strategy: ContextIdStrategy = {
    attach: (contextId) => ({
      resolve: ({ isTreeDurable }) => (isTreeDurable ? tenant : contextId),
      payload: { tenant: 'acme' },
    }),
  };
  ContextIdFactory.apply(strategy);
  onTestFinished(() => ContextIdFactory.apply(undefined as never));
  const runs: { instance: object; request: unknown }[] = [];
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class PerTenant {
    constructor(@Inject(REQUEST) readonly request: unknown) {}

    @IntervalExclusive(50, { name: 'tenant', perTick: true })
    run(): void {
      runs.push({ instance: this, request: this.request });
    }
  }
  const { events } = await bootApp({ providers: [PerTenant] });
  await events.nextRun('tenant');
  await events.nextRun('tenant');
  expect(runs[0]?.instance).toBe(runs[1]?.instance);
  expect(runs[0]?.request).toMatchObject({ tenant: 'acme' });
});

it('an instance that cannot be made fails the tick and nothing else', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Broken {
    constructor() {
      throw new Error('no database');
    }

    @IntervalExclusive(50, { name: 'broken', perTick: true })
    run(): void {}
  }
  const { events } = await bootApp({ providers: [Broken] });
  const report = await events.nextRun('broken');
  expect(report.outcome).toBe('failed');
  expect(report.error).toMatchObject({ message: 'no database' });
  expect((await events.nextRun('broken')).outcome).toBe('failed');
});

it('perTick on a singleton stops the boot, as it would have no effect', async () => {
  @Injectable()
  class Single {
    @IntervalExclusive(1_000, { name: 'single', perTick: true })
    run(): void {}
  }
  expect((await bootError(bootApp({ providers: [Single] }))).message).toContain(
    "DSCHED_BAD_OPTION: task 'single': option perTick is true, but its class is a singleton",
  );
});

it('perTick on a request-scoped controller stops the boot', async () => {
  @Controller({ scope: Scope.REQUEST })
  class Page {
    @IntervalExclusive(1_000, { perTick: true })
    run(): void {}
  }
  expect((await bootError(bootApp({ controllers: [Page] }))).message).toContain(
    'DSCHED_REQUEST_SCOPED: Page.run is a method of a request-scoped controller',
  );
});
