/** Tasks that stop the boot, each with a message that names the task, the value and what to do. */

import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { CronExclusive, EverySecondExclusive, IntervalExclusive } from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError } from './nest-app.js';

@Injectable()
class Settlement {
  @EverySecondExclusive()
  settle(): void {}
}

describe('an exclusive method that no tick can reach', () => {
  it.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('in a %s provider stops the boot', async (word, scope) => {
    @Injectable({ scope })
    class PerRequest {
      @EverySecondExclusive()
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [PerRequest] }));
    expect(error.message).toMatch(
      /^DSCHED_REQUEST_SCOPED: @EverySecondExclusive stands on PerRequest\.run, whose class is/,
    );
    expect(error.message).toContain(word);
  });

  it('in a singleton that injects something request-scoped stops the boot', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}
    @Injectable()
    class Billing {
      constructor(@Inject(Tenant) readonly tenant: Tenant) {}

      @EverySecondExclusive()
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Tenant, Billing] }));
    expect(error.message).toContain('DSCHED_REQUEST_SCOPED: @EverySecondExclusive stands on Billing.run');
  });
});

describe('a task name', () => {
  it('that two methods use stops the boot and names both', async () => {
    @Injectable()
    class Twice {
      @EverySecondExclusive({ name: 'settle' })
      one(): void {}

      @EverySecondExclusive({ name: 'settle' })
      other(): void {}
    }
    const error = await bootError(bootApp({ providers: [Twice] }));
    expect(error.message).toBe(
      "DSCHED_DUPLICATE_TASK: task 'settle': both Twice.one and Twice.other use this name. Pass another { name } to one of them.",
    );
  });

  it('that two instances of one class share stops the boot and says so', async () => {
    @Module({ providers: [Settlement] })
    class One {}
    @Module({ providers: [Settlement] })
    class Other {}
    const error = await bootError(bootApp({ imports: [One, Other] }));
    expect(error.message).toContain(
      'there are two instances of Settlement.settle. Provide its class in one module',
    );
  });

  it.each(['', 'default', 'default_1', 'class_2', '_class', '_a'])(
    'that a class called "%s" by its compiler cannot give stops the boot',
    async (className) => {
      class Anonymous {
        @EverySecondExclusive()
        run(): void {}
      }
      Object.defineProperty(Anonymous, 'name', { value: className });
      const error = await bootError(
        bootApp({ providers: [{ provide: 'ANONYMOUS', useValue: new Anonymous() }] }),
      );
      expect(error.message).toBe(
        'DSCHED_UNSTABLE_NAME: @EverySecondExclusive stands on the method run of an anonymous class. Pass { name }.',
      );
    },
  );

  it.each(['', 'with{brace}', 'x'.repeat(201), 7])('of %j stops the boot', async (name) => {
    @Injectable()
    class Oddly {
      @EverySecondExclusive({ name: name as string })
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Oddly] }));
    expect(error.message).toContain(
      `DSCHED_UNSTABLE_NAME: Oddly.run cannot be named ${JSON.stringify(name)}`,
    );
  });
});

describe('a bad schedule', () => {
  it('stops the boot with the task, the expression, the zone and the words of the parser', async () => {
    @Injectable()
    class Report {
      @CronExclusive('0 25 * * *', { timeZone: 'Europe/Vienna' })
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Report] }));
    expect(error.message).toBe(
      "DSCHED_BAD_SCHEDULE: task 'Report.run': the cron expression '0 25 * * *' in time zone 'Europe/Vienna' " +
        'cannot be used: Field value (25) is out of range',
    );
  });

  it('is a time zone that is empty, which the parser would take for that of the process', async () => {
    @Injectable()
    class Report {
      @CronExclusive('0 3 * * *', { timeZone: '' })
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Report] }));
    expect(error.message).toBe(
      "DSCHED_BAD_SCHEDULE: task 'Report.run': the cron expression '0 3 * * *' in time zone '' cannot be used: " +
        'the time zone is empty; leave it out for that of the process',
    );
  });

  it('is an expression that is never due', async () => {
    @Injectable()
    class Never {
      @CronExclusive('0 0 30 2 *')
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Never] }));
    expect(error.message).toContain(
      "DSCHED_BAD_SCHEDULE: task 'Never.run': the cron expression '0 0 30 2 *'",
    );
    expect(error.message).toContain('it is never due in the next 8 years');
  });

  it('is an interval that is too short for the bids', async () => {
    @Injectable()
    class Hasty {
      @IntervalExclusive(20)
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Hasty] }));
    expect(error.message).toContain("DSCHED_DURATIONS: task 'Hasty.run': bids.staggerMs * 3 must fit");
  });

  it('is a lateness above half the period, or one that is no number', async () => {
    @Injectable()
    class Late {
      @IntervalExclusive(1_000, { maxLatenessMs: 600 })
      run(): void {}
    }
    @Injectable()
    class Odd {
      @IntervalExclusive(1_000, { maxLatenessMs: '400' as never })
      run(): void {}
    }
    expect((await bootError(bootApp({ providers: [Late] }))).message).toContain(
      "DSCHED_DURATIONS: task 'Late.run': maxLatenessMs must be at most half the period",
    );
    expect((await bootError(bootApp({ providers: [Odd] }))).message).toContain(
      'DSCHED_BAD_OPTION: task \'Odd.run\': option maxLatenessMs is "400"',
    );
  });

  it('is a plain @Cron beside an exclusive decorator, which would run on every replica', async () => {
    @Injectable()
    class Both {
      @EverySecondExclusive()
      @Cron('0 3 * * *')
      run(): void {}
    }
    const error = await bootError(bootApp({ imports: [ScheduleModule.forRoot()], providers: [Both] }));
    expect(error.message).toBe(
      'DSCHED_DUPLICATE_TASK: Both.run carries both @EverySecondExclusive and @Cron, which would run it on every ' +
        'replica as well. Remove @Cron.',
    );
  });
});
