/** Decorators of other libraries that replace or wrap methods, as small copies of what is published. */

import { Injectable, Scope } from '@nestjs/common';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  DistributedScheduleRegistry,
  EverySecondExclusive,
  Exclusive,
  ExclusiveHandler,
  IntervalExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { type BootOptions, bootApp, bootError } from './nest-app.js';

type Method = (...args: unknown[]) => unknown;

/** As autobind-decorator and core-decorators: a getter on the prototype, which puts the bound method on the instance. */
const autobind = (_prototype: object, name: string, descriptor: PropertyDescriptor): PropertyDescriptor => {
  const method = descriptor.value as Method;
  return {
    configurable: true,
    get(this: object) {
      const bound = method.bind(this);
      Object.defineProperty(this, name, { configurable: true, writable: true, value: bound });
      return bound;
    },
  };
};

/** The same on the class: every method of its own becomes a getter. */
const boundClass = (type: new (...args: never[]) => object): void => {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype))) {
    if (name === 'constructor' || typeof descriptor.value !== 'function') continue;
    Object.defineProperty(type.prototype, name, autobind(type.prototype, name, descriptor));
  }
};

/** As class-autobind: methods move from the prototype to each instance. */
function boundInstances<T extends new (...args: never[]) => object>(type: T): T {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(type.prototype)).filter(
    ([name]) => name !== 'constructor',
  );
  for (const [name] of methods) Reflect.deleteProperty(type.prototype, name);
  const bound = {
    [type.name]: class extends (type as new (...args: never[]) => object) {
      constructor(...args: never[]) {
        super(...args);
        for (const [name, { value }] of methods)
          Object.defineProperty(this, name, { value: (value as Method).bind(this) });
      }
    },
  };
  return bound[type.name] as T;
}

/** As `@Span` of OpenTelemetry: another function, without the metadata of the first. */
const span = (_prototype: object, _name: string, descriptor: PropertyDescriptor): PropertyDescriptor => {
  const method = descriptor.value as Method;
  return {
    ...descriptor,
    value(this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    },
  };
};

/** As `@UseCls` of nestjs-cls: another function, with the metadata of the first. */
const withMetadata = (prototype: object, name: string, descriptor: PropertyDescriptor) => {
  const replaced = span(prototype, name, descriptor);
  copyMetadata(descriptor.value, replaced.value);
  return replaced;
};

function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getOwnMetadataKeys(from))
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
}

/** As class decorators that trace all methods, inherited ones too. */
const wrapAll =
  (copies: boolean) =>
  (type: new (...args: never[]) => object): void => {
    for (let owner = type.prototype; owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
      for (const name of Object.getOwnPropertyNames(owner)) {
        const descriptor = Object.getOwnPropertyDescriptor(owner, name);
        if (name === 'constructor' || typeof descriptor?.value !== 'function') continue;
        const wrap = copies ? withMetadata : span;
        Object.defineProperty(type.prototype, name, wrap(type.prototype, name, descriptor));
      }
    }
  };

const PERIOD_MS = 50;

/** What a handler has seen: whether its `this` is the provider, and its tick. */
class Witness {
  readonly seen: { readonly isBound: boolean; readonly tick: TickContext }[] = [];

  note(self: unknown, tick: TickContext): void {
    this.seen.push({ isBound: self === this, tick });
  }
}

@Injectable()
class BoundAbove extends Witness {
  @autobind
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  run(tick: TickContext): void {
    this.note(this, tick);
  }
}

@boundClass
@Injectable()
class BoundClass extends Witness {
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  run(tick: TickContext): void {
    this.note(this, tick);
  }
}

@boundInstances
@Injectable()
class BoundInstances extends Witness {
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  run(tick: TickContext): void {
    this.note(this, tick);
  }
}

@Injectable()
class SpanAbove extends Witness {
  @span
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  run(tick: TickContext): void {
    this.note(this, tick);
  }
}

@Injectable()
class ClsBelow extends Witness {
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  @withMetadata
  run(tick: TickContext): void {
    this.note(this, tick);
  }
}

class Traced extends Witness {
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  run(tick: TickContext): void {
    this.note(this, tick);
  }
}

@wrapAll(true)
@Injectable()
class TracedWithMetadata extends Traced {}

class Mixin {
  @IntervalExclusive(PERIOD_MS, { name: 'task' })
  run(tick: TickContext): void {
    (this as unknown as Witness).note(this, tick);
  }
}

/** As applyMixins of the TypeScript handbook: descriptors are copied. */
@Injectable()
class Mixed extends Witness {}
Object.defineProperty(
  Mixed.prototype,
  'run',
  Object.getOwnPropertyDescriptor(Mixin.prototype, 'run') as PropertyDescriptor,
);

@Injectable({ scope: Scope.TRANSIENT })
class PerTick {
  static readonly seen: unknown[] = [];

  @autobind
  @IntervalExclusive(PERIOD_MS, { name: 'task', perTick: true })
  run(tick: TickContext): void {
    PerTick.seen.push(this instanceof PerTick && tick.task);
  }
}

const names = async (options: BootOptions): Promise<string[]> =>
  (await bootApp(options)).app
    .get(DistributedScheduleRegistry)
    .list()
    .map(({ name }) => name);

describe('an exclusive method', () => {
  it.each([
    ['autobind above it', BoundAbove],
    ['autobind on its class', BoundClass],
    ['a class decorator that moves methods to the instances', BoundInstances],
    ['a span above it', SpanAbove],
    ['a wrapper with metadata below it', ClsBelow],
    ['a wrapper with metadata on a subclass', TracedWithMetadata],
    ['a mixin that copied it', Mixed],
  ])('with %s runs, with its tick and its this', async (_how, type) => {
    const { app, events, logs } = await bootApp({ providers: [type] });
    const report = await events.nextRun('task');
    expect(report.outcome).toBe('success');
    const [seen] = app.get<Witness>(type).seen;
    expect(seen).toMatchObject({ isBound: true, tick: { task: 'task' } });
    expect(logs.ours('warn').filter((line) => line.includes('takes the place'))).toEqual([]);
  });

  it('with autobind above it runs in an instance of its own as well', async () => {
    const { events } = await bootApp({ providers: [PerTick] });
    expect((await events.nextRun('task')).outcome).toBe('success');
    expect(PerTick.seen[0]).toBe('task');
  });

  it('with autobind below it is refused, with what to do', () => {
    expect(() => {
      class Bound {
        @IntervalExclusive(PERIOD_MS)
        @autobind
        run(): void {}
      }
      return Bound;
    }).toThrowError(
      expect.objectContaining({
        code: 'DSCHED_NOT_A_METHOD',
        message: expect.stringContaining('write that one above @IntervalExclusive'),
      }),
    );
  });

  it.each([
    ['is no function any more', () => 'gone', 'has put a string in its place'],
    [
      'cannot be read',
      () => {
        throw new Error('no wiring');
      },
      'cannot be read',
    ],
  ])('that %s stops the boot', async (_what, get, words) => {
    const replaced = (_prototype: object, _name: string): PropertyDescriptor => ({ configurable: true, get });
    @Injectable()
    class Broken {
      @replaced
      @IntervalExclusive(PERIOD_MS)
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Broken] }));
    expect(error).toMatchObject({ code: 'DSCHED_NOT_A_METHOD' });
    expect(error.message).toContain(words);
  });

  it('is one task where a copy of it has another name', async () => {
    @Injectable()
    class Aliased {
      declare other: () => void;

      @EverySecondExclusive()
      run(): void {}
    }
    Aliased.prototype.other = Aliased.prototype.run;
    expect(await names({ providers: [Aliased] })).toEqual(['Aliased.run']);
  });
});

describe('@Exclusive', () => {
  const cron = Cron('0 3 * * *');

  @Injectable()
  class AutobindOnTop {
    @autobind
    @Exclusive()
    @cron
    run(): void {}
  }

  @Injectable()
  class SpanOnTop {
    @span
    @Exclusive()
    @cron
    run(): void {}
  }

  @Injectable()
  class MetadataBetween {
    @Exclusive()
    @withMetadata
    @cron
    run(): void {}
  }

  @Injectable()
  class MetadataOnTop {
    @withMetadata
    @cron
    @Exclusive()
    run(): void {}
  }

  @Injectable()
  class SpanBetween {
    @Exclusive()
    @span
    @cron
    run(): void {}
  }

  @Injectable()
  class AutobindOverCron {
    @autobind
    @cron
    @Exclusive()
    run(): void {}
  }

  it.each([
    ['below autobind', AutobindOnTop],
    ['below a span', SpanOnTop],
    ['above a wrapper with metadata', MetadataBetween],
    ['below @Cron and a wrapper with metadata', MetadataOnTop],
  ])('%s takes the schedule over, and no plain job is left', async (_where, type) => {
    const { app } = await bootApp({ imports: [ScheduleModule.forRoot()], providers: [type] });
    expect(app.get(DistributedScheduleRegistry).list()).toMatchObject([{ name: `${type.name}.run` }]);
    expect([...app.get(SchedulerRegistry).getCronJobs().keys()]).toEqual([`${type.name}.run`]);
  });

  it.each([
    ['a span between it and @Cron', SpanBetween],
    ['autobind above @Cron, which is above it', AutobindOverCron],
  ])('with %s stops the boot', async (_where, type) => {
    const error = await bootError(bootApp({ imports: [ScheduleModule.forRoot()], providers: [type] }));
    expect(error).toMatchObject({ code: 'DSCHED_NO_SCHEDULE' });
  });
});

describe('a subclass', () => {
  class Base {
    @EverySecondExclusive()
    run(): void {}
  }

  it('that overrides an exclusive method without a decorator schedules nothing, and the log says so', async () => {
    @Injectable()
    class Sub extends Base {
      override run(): void {}
    }
    const { app, logs } = await bootApp({ providers: [Sub] });
    expect(app.get(DistributedScheduleRegistry).list()).toEqual([]);
    expect(logs.ours('warn')).toEqual([
      'Sub.run takes the place of Base.run, which is @EverySecondExclusive, and has no decorator of its own: it is not ' +
        'scheduled. Decorate it too, with { disabled: true } if that is meant. A class decorator that wraps inherited ' +
        'methods does this as well.',
    ]);
  });

  it('of which a class decorator wraps inherited methods is told the same', async () => {
    @wrapAll(false)
    @Injectable()
    class Sub extends Base {}
    const { logs } = await bootApp({ providers: [Sub] });
    expect(logs.ours('warn').join()).toContain('Sub.run takes the place of Base.run');
  });

  it('that overrides it with a decorator of its own has that schedule, and no warning', async () => {
    @Injectable()
    class Off extends Base {
      @EverySecondExclusive({ disabled: true })
      override run(): void {}
    }
    const { app, logs } = await bootApp({ providers: [Off] });
    expect(app.get(DistributedScheduleRegistry).list()).toMatchObject([
      { name: 'Off.run', state: 'disabled' },
    ]);
    expect(logs.ours('warn')).toEqual([]);
  });
});

describe('@ExclusiveHandler', () => {
  class Inherited {
    @ExclusiveHandler({ name: 'send' })
    send(): void {}
  }

  @Injectable()
  class BoundHandler {
    @autobind
    @ExclusiveHandler({ name: 'send' })
    send(): void {}
  }

  @boundClass
  @Injectable()
  class BoundHandlers {
    @ExclusiveHandler({ name: 'send' })
    send(): void {}
  }

  @Injectable()
  class Overriding extends Inherited {
    override send(): void {}
  }

  it.each([
    ['below autobind', BoundHandler],
    ['in a class with autobind', BoundHandlers],
    ['on a method that a subclass overrides', Overriding],
  ])('%s can be run by an added task', async (_where, type) => {
    const { app } = await bootApp({ providers: [type] });
    const added = await app
      .get(DistributedScheduleRegistry)
      .add({ name: 'added', runs: 'send', cron: '0 3 * * *' });
    expect(added.state).toBe('active');
  });
});
