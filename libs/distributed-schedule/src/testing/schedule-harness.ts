import { Inject, Injectable, type OnModuleInit, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { TriggerOptions } from '../control/task-trigger.js';
import { ControlService } from '../nest/control.service.js';
import { DistributedScheduleRegistry } from '../nest/distributed-schedule.registry.js';
import { SCHEDULER_HOST } from '../nest/distributed-schedule.tokens.js';
import { requireForRoot } from '../nest/module-imports.js';
import type { SchedulerHost } from '../nest/scheduler.provider.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TickReport } from '../protocol/contract/outcome.js';
import { placeExtraTick } from './extra-tick.js';
import { ManualClock } from './manual-clock.js';
import { RunsInFlight } from './runs-in-flight.js';
import { TickReports } from './tick-reports.js';

/** A tick that has not ended after this, on the clock of the test, never will. */
const MAX_RUN_MS = 3_600_000;

/**
 * The schedule of a whole app in the hand of a test: nothing runs by itself, and all that comes due runs while the test waits.
 *
 * ```ts
 * const schedule = app.get(ScheduleHarness);
 * expect(await schedule.tick('settle')).toMatchObject({ outcome: 'success' });   // once, now
 * await schedule.advance(3_600_000);                                            // an hour passes
 * expect(schedule.runs('settle')).toHaveLength(3_601);
 * ```
 *
 * It is the scheduler of production, with its locks, claims, policies and events, on a store in memory and a clock that stands
 * still. Provided by {@link DistributedScheduleTestingModule}.
 */
@Injectable()
export class ScheduleHarness implements OnModuleInit {
  private readonly registry: DistributedScheduleRegistry;
  private readonly ended = new TickReports();

  constructor(
    /** Of the schedule. Injected or read where a handler or a test needs to know what time it is. */
    @Inject(ManualClock) readonly clock: ManualClock,
    @Inject(RunsInFlight) private readonly inFlight: RunsInFlight,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Optional() @Inject(DistributedScheduleRegistry) registry?: DistributedScheduleRegistry,
  ) {
    this.registry = requireForRoot(registry);
  }

  onModuleInit(): void {
    this.registry.addObserver(this.inFlight);
    this.registry.addObserver(this.ended);
  }

  /** What time it is for the schedule, epoch ms. */
  now(): number {
    return Math.round(this.clock.wallMs());
  }

  /**
   * Runs one tick of a task now, whatever its schedule says, and waits for its end: retries, `timeoutMs` and the other policies count
   * as ever. Some 30 ms pass on the clock, and more while the run waits for a retry; what else is due then runs too.
   * @returns how it ended; a handler that throws is the outcome `failed` with its `error`, and no rejection
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK, DSCHED_TASK_DISABLED, DSCHED_NOBODY_RUNS, DSCHED_RUNS_ONCE,
   *   DSCHED_NO_ROOM, DSCHED_BAD_OPTION; DSCHED_NOT_KEPT before `app.init()`; DSCHED_TIMED_OUT for a run that has not ended after an hour
   */
  async tick(task: string, options: TriggerOptions = {}): Promise<TickReport> {
    const { control } = this.moduleRef.get(ControlService, { strict: false });
    const { room } = this.moduleRef.get<SchedulerHost>(SCHEDULER_HOST, { strict: false });
    // Before the app is initialised: the registry says so.
    if (control === undefined) throw await this.registry.trigger(task).catch((error: unknown) => error);
    const { planned, payload } = await control.trigger.requireTriggerable(task, options);
    const tick = placeExtraTick(room, planned, payload);
    const latestMs = this.clock.monotonicMs() + MAX_RUN_MS;
    while (this.ended.find(task, tick) === undefined && (await this.clock.advanceToNext(latestMs)));
    return this.ended.find(task, tick) ?? throwUnended(task, tick);
  }

  /**
   * Lets time pass. What comes due on the way runs, one after the other, and has ended before time goes on; a handler that takes longer
   * than `patienceMs` of real time goes on meanwhile, as a slow one does in production.
   * @returns the ticks that ended meanwhile
   */
  async advance(durationMs: number): Promise<readonly TickReport[]> {
    const before = this.ended.of(undefined).length;
    await this.clock.advance(durationMs);
    return this.ended.of(undefined).slice(before);
  }

  /** The same, up to an instant. One that has passed already changes nothing. */
  async advanceTo(when: Date | number): Promise<readonly TickReport[]> {
    return this.advance(Math.max(0, Number(when) - this.now()));
  }

  /** The runs of a task, oldest first: its handler was called once for each, or more often where it was retried. */
  runs(task: string): readonly TickReport[] {
    return this.ended.runsOf(task);
  }

  /** All ticks that have ended, of a task or of all, also those that did not run. */
  reports(task?: string): readonly TickReport[] {
    return this.ended.of(task);
  }

  /** Forgets what has run, as between two tests that share an app. */
  forget(): void {
    this.ended.forget();
  }
}

function throwUnended(task: string, tick: number): never {
  throw new DistributedScheduleError(
    'DSCHED_TIMED_OUT',
    `tick ${tick} has not ended after an hour on the clock of the test: its handler waits for something that never comes, or for ` +
      'time that only the test lets pass',
    { task, value: tick },
  );
}
