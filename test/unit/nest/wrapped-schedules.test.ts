/** Decorators that take over a schedule, under decorators of other libraries. */

import { Injectable } from '@nestjs/common';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import {
  DistributedScheduleRegistry,
  EverySecondExclusive,
  Exclusive,
  ExclusiveHandler,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError } from './nest-app.js';
import { autobind, boundClass, span, withMetadata, wrapAll } from './wrapping-decorators.js';

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
