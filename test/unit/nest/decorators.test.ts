import {
  CronExclusive,
  EverySecondExclusive,
  Exclusive,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';

type LooseDecorator = (target: unknown, key?: unknown, descriptor?: unknown) => void;

/** Past the compiler, as plain JavaScript comes. */
const loosely = (decorator: unknown): LooseDecorator => decorator as LooseDecorator;

/** While the class is made, as on a method of it. */
function decorated(decorator: unknown): void {
  class Settlement {
    settle(): void {}
  }
  const { prototype } = Settlement;
  loosely(decorator)(prototype, 'settle', Object.getOwnPropertyDescriptor(prototype, 'settle'));
}

describe('an unknown option of a decorator', () => {
  it('is refused at once, with the task and what was probably meant', () => {
    expect(() => decorated(EverySecondExclusive({ maxLatnessMs: 5 } as never))).toThrow(
      "DSCHED_UNKNOWN_OPTION: task 'Settlement.settle': @EverySecondExclusive has no option 'maxLatnessMs'. Did you mean 'maxLatenessMs'?",
    );
  });

  it('is refused with the list of options when nothing is close', () => {
    expect(() => decorated(IntervalExclusive(5_000, { name: 'paint', colour: 'red' } as never))).toThrow(
      "DSCHED_UNKNOWN_OPTION: task 'paint': @IntervalExclusive has no option 'colour'. It takes name, maxLatenessMs, disabled, jitterMs, runOn, weight, perTick, overlap, misfire, recovery, retry, timeoutMs, giveUpAfterMs.",
    );
  });

  it('is a time zone outside of @CronExclusive', () => {
    expect(() => decorated(Exclusive({ timeZone: 'UTC' } as never))).toThrow(
      "@Exclusive has no option 'timeZone'",
    );
    expect(() => decorated(CronExclusive('* * * * *', { timezone: 'UTC' } as never))).toThrow(
      "Did you mean 'timeZone'?",
    );
  });

  it('is not sought in something that is no object', () => {
    expect(() => decorated(EverySecondExclusive('settle' as never))).toThrow(
      "DSCHED_BAD_OPTION: task 'Settlement.settle': the options of @EverySecondExclusive must be an object",
    );
  });
});

describe('an exclusive decorator on something that is no method', () => {
  const decorate = loosely(EverySecondExclusive());

  it('refuses a class', () => {
    expect(() => decorate(class Settlement {})).toThrow(
      'DSCHED_NOT_A_METHOD: @EverySecondExclusive stands on class Settlement',
    );
  });

  it('refuses a static method', () => {
    class Settlement {
      static settle(): void {}
    }
    expect(() =>
      decorate(Settlement, 'settle', Object.getOwnPropertyDescriptor(Settlement, 'settle')),
    ).toThrow('DSCHED_NOT_A_METHOD: @EverySecondExclusive stands on static Settlement.settle');
  });

  it('refuses a field and an arrow function in one', () => {
    class Settlement {}
    expect(() => decorate(Settlement.prototype, 'settle', undefined)).toThrow(
      'DSCHED_NOT_A_METHOD: @EverySecondExclusive stands on Settlement.settle',
    );
  });

  it('refuses an accessor and a parameter', () => {
    class Settlement {
      get settle(): number {
        return 1;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Settlement.prototype, 'settle');
    expect(() => decorate(Settlement.prototype, 'settle', descriptor)).toThrow('DSCHED_NOT_A_METHOD');
    expect(() => decorate(Settlement.prototype, 'settle', 0)).toThrow('DSCHED_NOT_A_METHOD');
  });

  it('says which compiler option is missing when it is called in the dialect of standard decorators', () => {
    expect(() => decorate(() => undefined, { kind: 'method', name: 'settle' })).toThrow(
      'experimentalDecorators',
    );
  });

  it('refuses a method that is named by a symbol', () => {
    const key = Symbol('settle');
    class Settlement {
      [key](): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Settlement.prototype, key);
    expect(() => decorate(Settlement.prototype, key, descriptor)).toThrow(
      'DSCHED_UNSTABLE_NAME: @EverySecondExclusive stands on Settlement.Symbol(settle)',
    );
  });
});

describe('two exclusive decorators on one method', () => {
  it('are refused by name', () => {
    expect(() => {
      class Settlement {
        @EverySecondExclusive()
        @CronExclusive('0 3 * * *')
        settle(): void {}
      }
      return Settlement;
    }).toThrow(
      'DSCHED_DUPLICATE_TASK: Settlement.settle carries both @CronExclusive and @EverySecondExclusive',
    );
  });

  it('are fine on a method and the one that overrides it', () => {
    class Base {
      @EverySecondExclusive()
      settle(): void {}
    }
    class Sub extends Base {
      @IntervalExclusive(5_000)
      override settle(): void {}
    }
    expect(new Sub()).toBeInstanceOf(Base);
  });
});

describe('the type of a decorated method', () => {
  it('must take a tick or nothing', () => {
    class Settlement {
      // @ts-expect-error a number is not what a tick brings
      @EverySecondExclusive()
      settle(_amount: number): void {}
    }
    expect(Settlement.name).toBe('Settlement');
  });
});
