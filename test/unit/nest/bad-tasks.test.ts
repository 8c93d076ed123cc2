/** Tasks that stop the boot, each with a message that names the task, the value and what to do. */

import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { CronExclusive, EverySecondExclusive, IntervalExclusive } from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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

  it('that two classes of one name share stops the boot and says what to pass', async () => {
    const make = () => {
      @Injectable()
      class Cleanup {
        @EverySecondExclusive()
        run(): void {}
      }
      return Cleanup;
    };
    const error = await bootError(bootApp({ providers: [make(), make()] }));
    expect(error.message).toBe(
      "DSCHED_DUPLICATE_TASK: task 'Cleanup.run': there are two classes called Cleanup with a method run. Pass { name } to one " +
        "of them, such as { name: 'other-cleanup' }: a task's name is its identity in the whole cluster.",
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

  it.each([
    [
      '@reboot',
      'a start is no instant of a cluster; use @TimeoutExclusive, which runs once per deploymentKey, or onApplicationBootstrap',
    ],
    ['@midnight', "write '0 0 * * *' or '@daily'"],
    ['@annually', "write '0 0 1 1 *' or '@yearly'"],
    ['@every 5m', 'use @IntervalExclusive(300_000), in milliseconds'],
    [
      '@fortnightly',
      'of this kind there are @secondly, @minutely, @hourly, @daily, @weekly, @weekdays, @weekends, @monthly and @yearly',
    ],
    ['0 0 ? * MON', 'write * in place of ?'],
    ['0 0 L * *', 'the letters L, W and # are not known'],
    ['', 'most likely because an environment variable is not set'],
  ])('is %j, which other crons have, with what to write', async (expression, hint) => {
    @Injectable()
    class Report {
      @CronExclusive(expression)
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Report] }));
    expect(error).toMatchObject({ code: 'DSCHED_BAD_SCHEDULE', task: 'Report.run', value: expression });
    expect(error.message).toContain(
      `DSCHED_BAD_SCHEDULE: task 'Report.run': the cron expression '${expression}' cannot be used: `,
    );
    expect(error.message).toContain(hint);
  });

  it.each(['Etc/Unknown', undefined])(
    'is one without a zone where that of the process is %s',
    async (timeZone) => {
      @Injectable()
      class Report {
        @CronExclusive('0 3 * * *')
        run(): void {}
      }
      const options = new Intl.DateTimeFormat().resolvedOptions();
      const spy = vi.spyOn(Intl.DateTimeFormat.prototype, 'resolvedOptions');
      onTestFinished(() => spy.mockRestore());
      spy.mockReturnValue({ ...options, timeZone } as Intl.ResolvedDateTimeFormatOptions);
      const error = await bootError(bootApp({ providers: [Report] }));
      expect(error.message).toBe(
        "DSCHED_BAD_SCHEDULE: task 'Report.run': the cron expression '0 3 * * *' cannot be used: the process has no time zone, as " +
          `its variable TZ is ${process.env.TZ === undefined ? 'not set' : JSON.stringify(process.env.TZ)}; set TZ=UTC or the name of another zone, or pass { timeZone }`,
      );
    },
  );

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
    expect(error.message).toContain("DSCHED_DURATIONS: task 'Hasty.run': its ticks are 20 ms apart");
  });

  it('is an interval of 50 ms, with the shortest one that can be', async () => {
    @Injectable()
    class Hasty {
      @IntervalExclusive(50)
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Hasty], schedule: { bids: { staggerMs: 100 } } }));
    expect(error.message).toBe(
      "DSCHED_DURATIONS: task 'Hasty.run': its ticks are 50 ms apart, and the shortest period is 750 ms: the bids of the next " +
        'in rank come bids.staggerMs * 3 = 300 ms after a tick at most, and must come within 0.4 of the period, or they are ' +
        'too late. Schedule the task less often, or lower bids.staggerMs to 6.',
    );
    expect(error).toMatchObject({ value: 50 });
  });

  it('is a lateness that leaves no room for the bids', async () => {
    @Injectable()
    class Strict {
      @IntervalExclusive(1_000, { maxLatenessMs: 10 })
      run(): void {}
    }
    const error = await bootError(bootApp({ providers: [Strict] }));
    expect(error.message).toBe(
      "DSCHED_DURATIONS: task 'Strict.run': its maxLatenessMs is 10, and the least is 15: the bids of the next in rank come " +
        'bids.staggerMs * 3 = 15 ms after a tick at most, and must come within it. Raise maxLatenessMs, which may be half ' +
        'the period (1000 ms).',
    );
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

  it('is a plain @Cron beside an exclusive decorator, which would run on every instance', async () => {
    @Injectable()
    class Both {
      @EverySecondExclusive()
      @Cron('0 3 * * *')
      run(): void {}
    }
    const error = await bootError(bootApp({ imports: [ScheduleModule.forRoot()], providers: [Both] }));
    expect(error.message).toBe(
      'DSCHED_DUPLICATE_TASK: Both.run carries both @EverySecondExclusive and @Cron, which would run it on every ' +
        'instance as well. Remove @Cron.',
    );
  });
});
