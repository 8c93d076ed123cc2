/** What a timeout takes, and when it is due on one instance. Several of them: test/integration/nest/timeouts.test.ts. */

import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleRegistry,
  IntervalExclusive,
  type TickLedger,
  TimeoutExclusive,
  type TimeoutExclusiveOptions,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import type { Board } from '#src/protocol/board/board.js';
import type { Outcome } from '#src/protocol/contract/outcome.js';
import type { Clock } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { TimeoutSchedule } from '#src/protocol/timeouts/timeout.schedule.js';
import { TimeoutAgreement } from '#src/protocol/timeouts/timeout-agreement.js';
import type { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { GENEROUS_STORE } from './generous-store.js';
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
    const schedule = new TimeoutSchedule(DUE_MS, 'once');
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
    const schedule = new TimeoutSchedule(DUE_MS + 1, 'once');
    expect(schedule.firstDueMs).toBe(DUE_MS + 100);
    schedule.moveTo(DUE_MS - 70.5);
    expect(schedule.firstDueMs).toBe(DUE_MS);
  });
});

describe('the desk of timeouts', () => {
  const TICK = DUE_MS + 100_000;

  /** What the task is due for after a tick was reported, given what stands in the ledger for its run. */
  function nextAfterReport(outcome: Outcome, runOf?: number, recovery: 'lose' | 'retake' = 'lose') {
    const clock = { monotonicMs: () => 0 } as Clock;
    const desk = new TimeoutAgreement({
      app: 'shop',
      clock,
      clusterClock: { nowMs: () => DUE_MS, synchronised: true },
      board: {} as Board,
      ledger: { limit: () => undefined, runOf: () => runOf } as unknown as TimeoutLedger,
      digest: (task) => task,
      deploymentKey: 'build 7',
    });
    const policies = { ...DEFAULT_POLICIES, recovery, recoveryWithinMs: 60_000 };
    const schedule = desk.scheduleOf({ task: 'warm up', definition: { delayMs: 0 } as never, policies });
    desk.tickEnded({ task: 'warm up', tick: TICK, instanceId: 'me', outcome, detail: '' });
    return schedule.nextAfter(TICK);
  }

  it('ends one that has run here', () => {
    expect(nextAfterReport('success')).toBeUndefined();
  });

  it('goes on after a tick that somebody has claimed, and may still give back', () => {
    expect(nextAfterReport('taken')).toBe(TICK + 10_000);
    expect(nextAfterReport('taken', TICK)).toBe(TICK + 10_000);
    expect(nextAfterReport('taken', TICK - 1_000)).toBe(TICK + 10_000);
    expect(nextAfterReport('overlap', TICK - 10_000)).toBe(TICK + 10_000);
  });

  it('ends one whose run still stands in the ledger at the next try', () => {
    expect(nextAfterReport('taken', TICK - 10_000)).toBeUndefined();
    // The third attempt of that run.
    expect(nextAfterReport('taken', TICK - 10_000 + 2)).toBeUndefined();
  });

  it('goes on as long as a run that died would be retaken', () => {
    expect(nextAfterReport('taken', TICK - 10_000, 'retake')).toBe(TICK + 10_000);
    expect(nextAfterReport('taken', TICK - 60_000, 'retake')).toBeUndefined();
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

  it('is asked about at a ledger that replaces that of the backend, and so is what looks back', async () => {
    @Injectable()
    class Upkeep {
      @TimeoutExclusive(600_000, { name: 'warm up', deploymentKey: 'build 7', recovery: 'retake' })
      warmUp(): void {}

      @IntervalExclusive(60_000, { name: 'sweep', recovery: 'retake' })
      sweep(): void {}
    }
    const peeked = new Set<string>();
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    const tickLedger: TickLedger = {
      ...GENEROUS_STORE.tickLedger,
      peek: async (refs) => {
        for (const { task } of refs) peeked.add(task);
        if (peeked.size === 3) resolve();
        return refs.map(() => ({ kind: 'open', newest: 0, highest: 0 }));
      },
    };
    await bootApp({ providers: [Upkeep], schedule: { app: 'shop', tickLedger } });
    await promise;
    expect(peeked).toEqual(new Set(['sweep', 'warm up{build 7{shop', 'warm up{build 7{shop{runs']));
  });

  it('without a deployment key stops the boot and says what to pass', async () => {
    const message = await refusalOf(1_000);
    expect(message).toContain("DSCHED_NO_DEPLOYMENT_KEY: task 'warm up': a timeout runs once per deployment");
    expect(message).toContain(
      'Pass deploymentKey to forRoot, or to @TimeoutExclusive (@Exclusive above a @Timeout has no such option)',
    );
    expect(await refusalOf(1_000, { disabled: true })).toBe('the app has booted');
    expect(await refusalOf(1_000, { deploymentKey: 'build 7' })).toBe('the app has booted');
    expect(await refusalOf(1_000, {}, 'build 7')).toBe('the app has booted');
  });

  it.each([-1, 1.5, Number.NaN, '5000', undefined, 367 * 86_400_000])(
    'of %s stops the boot',
    async (delayMs) => {
      expect(await refusalOf(delayMs, {}, 'build 7')).toContain(
        `DSCHED_BAD_SCHEDULE: task 'warm up': a timeout of ${delayMs === '5000' ? '"5000"' : delayMs} cannot`,
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
