/** What handlers throw goes through one hook, and no further. */

import { Injectable } from '@nestjs/common';
import { type HandlerFailure, IntervalExclusive, type TickContext } from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { bootApp, bootError } from './nest-app.js';

interface Told {
  readonly error: unknown;
  readonly failure: HandlerFailure;
}

/** An app with one task, and what its hook is told. */
async function boot(run: (tick: TickContext) => unknown, hook: (told: Told) => void | Promise<void>) {
  @Injectable()
  class Failing {
    @IntervalExclusive(100, { name: 'fail', retry: { attempts: 2, baseMs: 1 } })
    run(tick: TickContext): unknown {
      return run(tick);
    }
  }
  const onError = (error: unknown, failure: HandlerFailure) => hook({ error, failure });
  return bootApp({ providers: [Failing], schedule: { onError } });
}

describe('the hook for errors of handlers', () => {
  it.each<[string, (error: unknown) => unknown, unknown]>([
    [
      'throws at once',
      (error) => {
        throw error;
      },
      new Error('no database'),
    ],
    ['rejects', (error) => Promise.reject(error), new Error('no database')],
    ['rejects with undefined', () => Promise.reject(undefined), undefined],
  ])('is told once of each attempt whose handler %s', async (_way, fail, error) => {
    const told: Told[] = [];
    const { events } = await boot(
      () => fail(error),
      (one) => void told.push(one),
    );
    const report = await events.nextRun('fail');
    expect(report.outcome).toBe('failed');
    const ofTick = told.filter(({ failure }) => failure.tick === report.tick);
    expect(ofTick.map(({ failure }) => failure.attempt)).toEqual([1, 2]);
    expect(ofTick.map((one) => one.error)).toEqual([error, error]);
    expect(ofTick[0]?.failure).toMatchObject({ task: 'fail', fencingToken: report.tick, aborted: false });
    expect(ofTick[0]?.failure.idempotencyKey).toBe(ofTick[1]?.failure.idempotencyKey);
  });

  it('is not told of a handler that succeeds', async () => {
    const told: Told[] = [];
    const { events } = await boot(
      () => 'done',
      (one) => void told.push(one),
    );
    expect((await events.nextRun('fail')).outcome).toBe('success');
    expect(told).toEqual([]);
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('tracker is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('tracker is down'))],
  ])('that %s itself changes nothing but a line in the log', async (_way, hook) => {
    const { events, logs } = await boot(() => Promise.reject(new Error('no database')), hook);
    const report = await events.nextRun('fail');
    expect(report).toMatchObject({ outcome: 'failed', error: { message: 'no database' } });
    expect(logs.ours('error')).toContain('In onError: Error: tracker is down');
  });

  it('that hangs holds no run up', async () => {
    const { events } = await boot(
      () => Promise.reject(new Error('no database')),
      () => new Promise(() => undefined),
    );
    expect((await events.nextRun('fail')).outcome).toBe('failed');
    expect((await events.nextRun('fail')).outcome).toBe('failed');
  });

  it('must be a function', async () => {
    const error = await bootError(bootApp({ schedule: { onError: 'log' as never } }));
    expect(error.message).toContain('DSCHED_BAD_OPTION: option onError is "log"; it takes a function');
  });
});
