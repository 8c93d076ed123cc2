/** What people see of runs that hang: the registry, readiness, the log and the shutdown of a whole app. */

import { type INestApplication, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  type ExclusiveTaskOptions,
  IntervalExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LogCapture } from './nest-app.js';

const START_MS = Date.UTC(2030, 0, 1);

interface Stage {
  readonly app: INestApplication;
  readonly schedule: ScheduleHarness;
  readonly registry: DistributedScheduleRegistry;
  readonly logs: LogCapture;
  readonly runs: TickContext[];
  /** Lets the first run return, or throw. */
  end(error?: Error): void;
}

/** An app with a task that is due every ten seconds and whose first run hangs. */
async function appThatHangs(options: ExclusiveTaskOptions): Promise<Stage> {
  const runs: TickContext[] = [];
  let end: (error?: Error) => void = () => undefined;
  @Injectable()
  class Import {
    @IntervalExclusive(10_000, { name: 'import', ...options })
    run(tick: TickContext): unknown {
      runs.push(tick);
      if (runs.length > 1) return undefined;
      return new Promise<void>((resolve, reject) => {
        end = (error) => (error === undefined ? resolve() : reject(error));
      });
    }
  }
  const logs = new LogCapture();
  const testing = await Test.createTestingModule({
    imports: [
      DistributedScheduleModule.forRoot({ memory: true }),
      DistributedScheduleTestingModule.with({ startAt: START_MS, patienceMs: 5 }),
      DistributedScheduleHealthModule,
    ],
    providers: [Import],
  })
    .setLogger(logs)
    .compile();
  const app = await testing.createNestApplication().init();
  onTestFinished(() => {
    end();
    return app.close();
  });
  const [schedule, registry] = [app.get(ScheduleHarness), app.get(DistributedScheduleRegistry)];
  await schedule.advance(10_500);
  return { app, schedule, registry, logs, runs, end: (error) => end(error) };
}

describe('a run that hangs', () => {
  it('is shown by get() and list() with its start from its first moment', async () => {
    const { registry, runs } = await appThatHangs({});
    const [run] = runs;
    expect(registry.get('import')).toMatchObject({ running: 1, stuck: 0, lastRun: undefined });
    expect(registry.list()[0]?.runs).toEqual([
      {
        ...{ task: 'import', tick: START_MS + 10_000, attempt: 1, fencingToken: START_MS + 10_000 },
        ...{ claimId: run?.claimId, instanceId: run?.instanceId, state: 'running', isStuck: false },
        startedMs: expect.closeTo(START_MS + 10_000, -1),
      },
    ]);
  });

  it('is told in the log, in readiness and in the counts when it is stuck, and no more when it has ended', async () => {
    const { app, schedule, registry, logs, end } = await appThatHangs({});
    await schedule.advance(62_000);
    expect(logs.ours('warn').filter((line) => line.includes('stuck'))).toEqual([
      "Task 'import' is stuck in tick 2030-01-01T00:00:10.000Z: it began 60 s ago, and no later tick of it runs meanwhile unless runs may " +
        'overlap: it may hang. timeoutMs aborts such a run, and giveUpAfterMs lets later ticks run without its end.',
    ]);
    expect(registry.get('import')).toMatchObject({ stuck: 1, runs: [{ isStuck: true }] });
    expect(registry.status().audit.stuck).toBe(1);
    const health = app.get(DistributedScheduleHealthIndicator);
    expect(health.isReady('schedule').schedule).toMatchObject({
      status: 'degraded',
      impaired: [expect.stringContaining("a run of 'import' is stuck")],
    });
    end();
    await schedule.advance(1);
    expect(health.isReady('schedule').schedule).toMatchObject({ status: 'up', stuck: [] });
    expect(registry.get('import')).toMatchObject({ stuck: 1, running: 0, runs: [] });
  });

  it('that times out is told at once, and its late end when it comes', async () => {
    const { schedule, logs, end, registry } = await appThatHangs({ timeoutMs: 2_000 });
    await schedule.advance(2_000);
    expect(registry.get('import').lastRun).toMatchObject({ outcome: 'timed_out' });
    expect(logs.ours('warn').at(-1)).toContain(
      "Task 'import' took too long in tick 2030-01-01T00:00:10.000Z",
    );
    await schedule.advance(60_000);
    end(new Error('socket closed'));
    await schedule.advance(1);
    expect(logs.ours('warn').at(-1)).toMatch(
      /^The run of task 'import' in tick 2030-01-01T00:00:10.000Z, which was told as timed_out, has ended after 1 min \d s: it failed: .*socket closed.* That changes nothing\.$/,
    );
  });

  it('that hears its signal and returns is not told twice', async () => {
    const { schedule, logs, end, runs } = await appThatHangs({ timeoutMs: 2_000 });
    runs[0]?.signal.addEventListener('abort', () => end());
    await schedule.advance(5_000);
    expect(logs.ours('warn').filter((line) => line.includes('2030-01-01T00:00:10.000Z'))).toHaveLength(1);
  });

  it('is given up, and the next tick runs beside it where no other instance lives', async () => {
    const { schedule, logs, runs } = await appThatHangs({ giveUpAfterMs: 15_000 });
    await schedule.advance(25_000);
    expect(logs.ours('error')).toEqual([
      expect.stringMatching(
        /^Task 'import' was given up in tick 2030-01-01T00:00:10.000Z: .*DSCHED_GIVEN_UP/,
      ),
    ]);
    expect(runs.map(({ tick }) => (tick - START_MS) / 10_000)).toEqual([1, 3]);
    expect(runs[1]?.fencingToken).toBeGreaterThan(runs[0]?.fencingToken ?? Number.NaN);
    expect(schedule.runs('import').map(({ outcome }) => outcome)).toEqual(['given_up', 'success']);
  });

  it('is told as given up once, also where its tick has ended as timed_out', async () => {
    const { schedule, logs, registry } = await appThatHangs({ timeoutMs: 2_000, giveUpAfterMs: 15_000 });
    await schedule.advance(25_000);
    expect(registry.get('import').runs).toMatchObject([{ state: 'given_up' }]);
    expect(logs.ours('error')).toEqual([
      "Task 'import' was given up in tick 2030-01-01T00:00:10.000Z: DSCHED_GIVEN_UP: it runs for longer than giveUpAfterMs = 15000. " +
        'Its lease is let go, and later ticks run beside it.',
    ]);
  });

  it('that was given up does not hold up the shutdown, which names it', async () => {
    const { app, schedule, logs } = await appThatHangs({ giveUpAfterMs: 3_000 });
    await schedule.advance(7_000);
    await app.close();
    expect(logs.ours('log').filter((line) => line.includes('Shutting down'))).toEqual([]);
    expect(logs.ours('warn').at(-1)).toBe(
      "Shut down without waiting for the run of 'import' in tick 2030-01-01T00:00:10.000Z: it was given up before, and has not ended.",
    );
  });
});
