/** Exclusive methods under decorators of other libraries. */

import { Injectable, Scope } from '@nestjs/common';
import {
  DistributedScheduleRegistry,
  EverySecondExclusive,
  IntervalExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { type BootOptions, bootApp, bootError } from './nest-app.js';
import { autobind, boundClass, boundInstances, span, withMetadata, wrapAll } from './wrapping-decorators.js';

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
