/** What a timeout takes, and when it is due on one instance. Several of them: test/integration/nest/timeouts.test.ts. */

import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleRegistry,
  TimeoutExclusive,
  type TimeoutExclusiveOptions,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { OnceSchedule } from '../../../libs/distributed-schedule/src/protocol/once-schedule.js';
import { bootApp, bootError } from './nest-app.js';

const DUE_MS = Date.UTC(2031, 0, 1);

async function refusalOf(delayMs: unknown, options: TimeoutExclusiveOptions = {}, deploymentKey?: unknown) {
  @Injectable()
  class WarmUp {
    @TimeoutExclusive(delayMs as number, { name: 'warm up', ...options })
    run(): void {}
  }
  const schedule = deploymentKey === undefined ? {} : { deploymentKey: deploymentKey as string };
  return (await bootError(bootApp({ providers: [WarmUp], schedule }))).message;
}

describe('a schedule that is due once', () => {
  it('is due at its instant, and then every ten seconds until it is over', () => {
    const schedule = new OnceSchedule(DUE_MS, 'once');
    expect(schedule.nextAfter(0)).toBe(DUE_MS);
    expect(schedule.nextAfter(DUE_MS - 1)).toBe(DUE_MS);
    expect(schedule.nextAfter(DUE_MS)).toBe(DUE_MS + 10_000);
    expect(schedule.nextAfter(DUE_MS + 25_000)).toBe(DUE_MS + 30_000);
    schedule.endAfter(DUE_MS + 10_000);
    expect(schedule.nextAfter(0)).toBe(DUE_MS);
    expect(schedule.nextAfter(DUE_MS)).toBe(DUE_MS + 10_000);
    expect(schedule.nextAfter(DUE_MS + 10_000)).toBeUndefined();
  });

  it('is rounded up to a tenth of a second, so that the attempts of two instances never mix', () => {
    const schedule = new OnceSchedule(DUE_MS + 1, 'once');
    expect(schedule.firstDueMs).toBe(DUE_MS + 100);
    schedule.moveTo(DUE_MS - 70.5);
    expect(schedule.firstDueMs).toBe(DUE_MS);
  });
});

describe('@TimeoutExclusive', () => {
  it('runs once over the memory backend too', async () => {
    const runs: number[] = [];
    @Injectable()
    class WarmUp {
      @TimeoutExclusive(50, { deploymentKey: 'build 7' })
      run(): void {
        runs.push(1);
      }
    }
    const memory = { lockProvider: undefined, tickLedger: undefined } as never;
    const { app, events } = await bootApp({ providers: [WarmUp], schedule: memory });
    expect((await events.nextRun('WarmUp.run')).outcome).toBe('success');
    expect(app.get(DistributedScheduleRegistry).get('WarmUp.run').nextTick).toBeUndefined();
    expect(runs).toEqual([1]);
  });

  it('without a deployment key stops the boot and says what to pass', async () => {
    const message = await refusalOf(1_000);
    expect(message).toContain("DSCHED_NO_DEPLOYMENT_KEY: task 'warm up': a timeout runs once per deployment");
    expect(message).toContain('Pass deploymentKey to forRoot or to the decorator');
    expect(await refusalOf(1_000, { disabled: true })).toBe('the app has booted');
    expect(await refusalOf(1_000, { deploymentKey: 'build 7' })).toBe('the app has booted');
    expect(await refusalOf(1_000, {}, 'build 7')).toBe('the app has booted');
  });

  it.each([-1, 1.5, Number.NaN, '5000', undefined, 367 * 86_400_000])(
    'of %s stops the boot',
    async (delayMs) => {
      expect(await refusalOf(delayMs, {}, 'build 7')).toContain(
        "DSCHED_BAD_SCHEDULE: task 'warm up': a timeout of",
      );
    },
  );

  it.each(['', 'with{brace}', 'x'.repeat(201), 7])(
    'with the deployment key %j stops the boot',
    async (key) => {
      expect(await refusalOf(1_000, { deploymentKey: key as string })).toContain(
        "DSCHED_BAD_OPTION: task 'warm up': option deploymentKey takes 1 to 200 characters",
      );
      expect(await refusalOf(1_000, {}, key)).toContain('DSCHED_BAD_OPTION: option deploymentKey is');
    },
  );

  it('takes neither misfire nor jitterMs, which have no meaning for it', async () => {
    expect(await refusalOf(1_000, { misfire: 'latest' }, 'build 7')).toContain(
      'option misfire is "latest"; it takes nothing for a timeout',
    );
    expect(await refusalOf(1_000, { jitterMs: 10 }, 'build 7')).toContain(
      'option jitterMs is 10; it takes nothing for a timeout',
    );
  });
});
