/** What users write about awkward cases, and what becomes of it. */

import { Injectable } from '@nestjs/common';
import {
  type DistributedScheduleOptions,
  type ExclusiveTaskOptions,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { resolvePlacement } from '#src/tasks/placement.resolver.js';
import { resolveTaskPolicies } from '#src/tasks/task-policies.resolver.js';
import { bootApp, bootError } from './nest-app.js';

/** The error with which an app with such a task does not boot. */
async function refusalOf(options: unknown, periodMs = 1_000, schedule: DistributedScheduleOptions = {}) {
  @Injectable()
  class Careful {
    @IntervalExclusive(periodMs, { name: 'careful', ...(options as ExclusiveTaskOptions) })
    run(): void {}
  }
  return (await bootError(bootApp({ providers: [Careful], schedule }))).message;
}

describe('the policies of a task', () => {
  it('are the documented defaults where nothing is given', () => {
    expect(resolveTaskPolicies('report', {})).toEqual(DEFAULT_POLICIES);
    expect(DEFAULT_POLICIES).toEqual({
      overlap: 'skip',
      misfire: 'skip',
      misfireWithinMs: 3_600_000,
      recovery: 'lose',
      recoveryWithinMs: 600_000,
      mostRetakes: 5,
    });
  });

  it('take a name alone, or a name with a bound', () => {
    expect(resolveTaskPolicies('report', { misfire: 'latest', recovery: 'retake' })).toEqual({
      ...DEFAULT_POLICIES,
      misfire: 'latest',
      recovery: 'retake',
    });
    expect(
      resolveTaskPolicies('report', {
        overlap: 'buffer_one',
        misfire: { policy: 'all', withinMs: 86_400_000 },
        recovery: { policy: 'retake', withinMs: 1_000 },
        timeoutMs: 5_000,
        giveUpAfterMs: 60_000,
      }),
    ).toEqual({
      overlap: 'buffer_one',
      misfire: 'all',
      misfireWithinMs: 86_400_000,
      recovery: 'retake',
      recoveryWithinMs: 1_000,
      mostRetakes: 5,
      timeoutMs: 5_000,
      giveUpAfterMs: 60_000,
    });
  });

  it('take a number of attempts, or the whole backoff', () => {
    const defaults = { attempts: 3, baseMs: 100, capMs: 5_000, jitter: 0.1, deadlineMs: 60_000 };
    expect(resolveTaskPolicies('report', { retry: 5 }).retry).toEqual({ ...defaults, attempts: 5 });
    expect(resolveTaskPolicies('report', { retry: {} }).retry).toEqual(defaults);
    expect(resolveTaskPolicies('report', { retry: { baseMs: 50, jitter: 0 } }).retry).toEqual({
      ...defaults,
      baseMs: 50,
      jitter: 0,
    });
    expect(resolveTaskPolicies('report', { retry: 1 })).not.toHaveProperty('retry');
  });

  it('are those of the module where the task says nothing', () => {
    const defaults = { overlap: 'cancel_other', retry: 4, timeoutMs: 9_000 } as const;
    expect(resolveTaskPolicies('report', {}, defaults)).toMatchObject({
      overlap: 'cancel_other',
      retry: { attempts: 4 },
      timeoutMs: 9_000,
    });
    const own = resolveTaskPolicies('report', { overlap: 'skip', retry: 1, timeoutMs: 1_000 }, defaults);
    expect(own).toEqual({ ...DEFAULT_POLICIES, timeoutMs: 1_000 });
  });
});

describe('where a task may run', () => {
  it('is everywhere when nothing is said', () => {
    expect(resolvePlacement('report', {})).toBeUndefined();
    expect(resolvePlacement('report', { runOn: [], weight: {} })).toBeUndefined();
  });

  it('is one label or several, and a weight for each', () => {
    expect(resolvePlacement('report', { runOn: 'gpu' })).toEqual({ runOn: ['gpu'], weight: {} });
    expect(resolvePlacement('report', { runOn: ['eu', 'gpu', 'eu'], weight: { large: 4 } })).toEqual({
      runOn: ['eu', 'gpu'],
      weight: { large: 4 },
    });
  });
});

const BAD_OPTION = "DSCHED_BAD_OPTION: task 'careful': option";

describe('a task option that cannot be used stops the boot with the task, the value and what to do', () => {
  it.each<[unknown, string]>([
    [
      { overlap: 'buffer' },
      `${BAD_OPTION} overlap is "buffer"; it takes 'skip', 'buffer_one', 'cancel_other' or 'allow'`,
    ],
    [{ misfire: 'last' }, `${BAD_OPTION} misfire is "last"; it takes 'skip', 'latest' or 'all'`],
    [{ misfire: { policy: 'last' } }, `${BAD_OPTION} misfire.policy is "last"; it takes`],
    [{ misfire: {} }, `${BAD_OPTION} misfire.policy is undefined; it takes`],
    [
      { misfire: { policy: 'all', withinMs: 0 } },
      `${BAD_OPTION} misfire.withinMs is 0; it takes a whole number`,
    ],
    [{ recovery: true }, `${BAD_OPTION} recovery is true; it takes 'lose' or 'retake'`],
    [{ recovery: { policy: 'retake', withinMs: '5' } }, `${BAD_OPTION} recovery.withinMs is "5"; it takes`],
    [{ retry: 0 }, `${BAD_OPTION} retry is 0; it takes a whole number of attempts from 1 to 31`],
    [{ retry: '3' }, `${BAD_OPTION} retry is "3"; it takes`],
    [
      { retry: { attempts: 32 } },
      `${BAD_OPTION} retry.attempts is 32; it takes a whole number of attempts from 2`,
    ],
    [{ retry: { jitter: 0.2 } }, `${BAD_OPTION} retry.jitter is 0.2; it takes a number from 0 to 0.1`],
    [{ retry: { jitter: Number.NaN } }, `${BAD_OPTION} retry.jitter is NaN; it takes a number`],
    [
      { retry: { deadlineMs: 1.5 } },
      `${BAD_OPTION} retry.deadlineMs is 1.5; it takes a whole number of milliseconds`,
    ],
    [{ timeoutMs: 0 }, `${BAD_OPTION} timeoutMs is 0; it takes a whole number of milliseconds from 1`],
    [
      { giveUpAfterMs: 999 },
      `${BAD_OPTION} giveUpAfterMs is 999; it takes a whole number of milliseconds from 1000`,
    ],
    [{ giveUpAfterMs: '1m' }, `${BAD_OPTION} giveUpAfterMs is "1m"; it takes a whole number`],
    [
      { giveUpAfterMs: 5_000, timeoutMs: 5_000 },
      "DSCHED_DURATIONS: task 'careful': giveUpAfterMs must exceed timeoutMs, or a run is given up before it is told to end: " +
        '5000 <= 5000. Raise giveUpAfterMs or lower timeoutMs.',
    ],
    [{ timeoutMs: Number.POSITIVE_INFINITY }, `${BAD_OPTION} timeoutMs is Infinity; it takes`],
    [{ jitterMs: -1 }, `${BAD_OPTION} jitterMs is -1; it takes a whole number of milliseconds from 0`],
    [{ disabled: 'yes' }, `${BAD_OPTION} disabled is "yes"; it takes true or false`],
    [{ perTick: 1 }, `${BAD_OPTION} perTick is 1; it takes true or false`],
    [{ runOn: 7 }, `${BAD_OPTION} runOn is 7; it takes a label of instances`],
    [{ runOn: ['gpu', ''] }, `${BAD_OPTION} runOn is a list; it takes a label of instances`],
    [{ weight: 4 }, `${BAD_OPTION} weight is 4; it takes an object with a number for each label`],
    [{ weight: { large: 0 } }, `${BAD_OPTION} weight.large is 0; it takes a number from 0.001 to 1000`],
  ])('%j', async (options, message) => {
    expect(await refusalOf(options)).toContain(message);
  });

  it.each<[unknown, string]>([
    [
      { misfire: { policy: 'all', withinMS: 5 } },
      "DSCHED_UNKNOWN_OPTION: task 'careful': misfire has no option 'withinMS'. Did you mean 'withinMs'?",
    ],
    [
      { retry: { attemps: 5 } },
      "DSCHED_UNKNOWN_OPTION: task 'careful': retry has no option 'attemps'. Did you mean 'attempts'?",
    ],
    [
      { retry: { baseMs: null } },
      "DSCHED_BAD_OPTION: task 'careful': option baseMs of retry is null; leave it out for its default",
    ],
    [
      { overlap: null },
      "DSCHED_BAD_OPTION: task 'careful': option overlap of @IntervalExclusive is null; leave it out for its default",
    ],
    [{ retry: [] }, "DSCHED_BAD_OPTION: task 'careful': the options of retry must be an object"],
  ])('%j', async (options, message) => {
    expect(await refusalOf(options)).toContain(message);
  });
});

describe('task options that contradict each other stop the boot', () => {
  it('as overlap allow beside recovery retake does', async () => {
    const message = await refusalOf({ overlap: 'allow', recovery: 'retake' });
    expect(message).toContain(`${BAD_OPTION} recovery is "retake"; it takes 'lose' beside overlap 'allow'`);
  });

  it('as a first delay above the longest one or the deadline does', async () => {
    expect(await refusalOf({ retry: { baseMs: 600, capMs: 500 } })).toContain(
      "DSCHED_DURATIONS: task 'careful': retry.baseMs must not exceed retry.capMs, the longest delay: 600 > 500.",
    );
    expect(await refusalOf({ retry: { baseMs: 600, deadlineMs: 500 } })).toContain(
      "DSCHED_DURATIONS: task 'careful': retry.baseMs must not exceed retry.deadlineMs, or no second run ever starts",
    );
  });

  it.each<[ExclusiveTaskOptions]>([[{ retry: 2 }], [{ recovery: 'retake' }], [{ misfire: 'latest' }]])(
    'as %j does with a period below 64 ms',
    async (options) => {
      expect(await refusalOf(options, 63)).toContain('need a period of at least 64 ms');
      expect(await refusalOf(options, 64)).toBe('the app has booted');
    },
  );

  it('as jitter does that leaves too little of the period', async () => {
    expect(await refusalOf({ retry: 2 }, 100)).toBe('the app has booted');
    expect(await refusalOf({ retry: 2, jitterMs: 50 }, 100)).toContain('51 < 64');
    expect(await refusalOf({ maxLatenessMs: 400, jitterMs: 500 })).toContain(
      'maxLatenessMs must be at most half the period',
    );
  });

  it('as the defaults of the module do among themselves, or with a task', async () => {
    const ofModule = (tasks: unknown) => ({
      tasks: tasks as NonNullable<DistributedScheduleOptions['tasks']>,
    });
    expect(await refusalOf({}, 1_000, ofModule({ retry: { baseMs: 6_000 } }))).toContain(
      'DSCHED_DURATIONS: retry.baseMs must not exceed retry.capMs',
    );
    expect(await refusalOf({}, 1_000, ofModule({ overlap: 'no' }))).toContain(
      'DSCHED_BAD_OPTION: option tasks.overlap is "no"; it takes',
    );
    expect(await refusalOf({}, 1_000, ofModule({ misfir: 'all' }))).toContain(
      "DSCHED_UNKNOWN_OPTION: DistributedScheduleModule has no option 'tasks.misfir'. Did you mean 'tasks.misfire'?",
    );
    expect(await refusalOf({ overlap: 'allow' }, 1_000, ofModule({ recovery: 'retake' }))).toContain(
      "it takes 'lose' beside overlap 'allow'",
    );
  });
});

it('the policies of two builds have one text, by which they are compared', () => {
  const policies = resolveTaskPolicies('settle', {
    timeoutMs: 1_000,
    giveUpAfterMs: 2_000,
    overlap: 'buffer_one',
  });
  expect(Object.keys(policies)).toEqual([
    ...['overlap', 'misfire', 'misfireWithinMs', 'recovery', 'recoveryWithinMs', 'mostRetakes'],
    ...['timeoutMs', 'giveUpAfterMs'],
  ]);
});
