import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Clock } from '../protocol/contract/ports.js';
import type { TickContext } from '../protocol/contract/tick-context.js';
import type { Scheduler } from '../protocol/scheduler/scheduler.js';
import { requirePeriod } from '../protocol/schedules/period.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import { ControlService } from './control.service.js';
import { CLOCK, MODULE_OPTIONS, SCHEDULER, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import { ExclusiveExplorer } from './exclusive.explorer.js';
import { LazyModuleGuard } from './lazy-module.guard.js';
import { BootLog } from './log/boot-log.js';
import { tellDrain } from './log/drain-log.js';
import { NestSchedule } from './nest-schedule.js';
import type { SchedulerHost } from './scheduler.provider.js';
import { SchedulerRegistryMirror } from './scheduler-registry.mirror.js';
import { StoreWatch } from './store-watch.js';

/** How long boot waits for the nodes to say who they are. One that is down must not keep the app from starting. */
const IDENTITY_TIMEOUT_MS = 1_000;

interface Stage {
  readonly start?: (() => unknown) | undefined;
  readonly stop?: () => unknown;
}

/** Owns the life of the scheduler: finds its tasks, starts it, drains it, closes what it stands on. */
@Injectable()
export class TaskOrchestrator {
  private readonly logger = new Logger('DistributedSchedule');
  private tasks: readonly ExclusiveTask[] = [];
  /** In the order of the start; they stop in the reverse one. */
  private readonly stages: readonly Stage[];

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(SCHEDULER) private readonly scheduler: Scheduler,
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(ExclusiveExplorer) private readonly explorer: ExclusiveExplorer,
    @Inject(SchedulerRegistryMirror) private readonly mirror: SchedulerRegistryMirror,
    @Inject(NestSchedule) private readonly nestSchedule: NestSchedule,
    @Inject(ControlService) private readonly control: ControlService,
    @Inject(LazyModuleGuard) private readonly lazyModules: LazyModuleGuard,
    @Inject(StoreWatch) private readonly storeWatch: StoreWatch,
    @Inject(BootLog) private readonly bootLog: BootLog,
  ) {
    this.stages = this.listStages();
  }

  /** @throws DistributedScheduleError the errors of a bad task, before anything has run */
  async register(): Promise<void> {
    for (const warning of this.warnings()) this.logger.warn(warning);
    try {
      const tasks = this.explorer.explore();
      this.lazyModules.watch();
      this.tasks = tasks.filter((task) => !task.disabled);
      for (const task of this.tasks)
        requirePeriod(task, this.clock.wallMs(), this.options.protocol.bidStaggerMs);
      this.control.begin(tasks);
    } catch (error) {
      // An app that does not boot gets no shutdown hooks, and open connections would keep its process alive.
      await this.close();
      throw error;
    }
  }

  /**
   * Connects, and resolves when ticks may come: decisions have been read, if the nodes answer. The last step of a boot: nothing before
   * it keeps the process alive of an app that does not come up.
   * @throws DistributedScheduleError DSCHED_SAME_NODE_TWICE, DSCHED_TWO_APPS
   */
  async start(): Promise<void> {
    this.mirror.show(this.tasks);
    try {
      for (const { start } of this.stages) await start?.();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Resolves when nothing of ours runs any more, within `shutdownTimeoutMs`. */
  async drain(): Promise<void> {
    const { runs } = this.host;
    const isGivenUp = (run: TickContext): boolean => this.scheduler.hasGivenUp(run);
    this.mirror.close();
    const stopped = this.scheduler.stop();
    // A handler that closes its own app waits for this: all the others are waited for.
    await tellDrain(this.logger, {
      drained: runs.isInHandler ? Promise.race([stopped, runs.othersEnded(isGivenUp)]) : stopped,
      goingOn: () => runs.othersGoingOn().filter((run) => !isGivenUp(run)),
      givenUp: () => runs.othersGoingOn().filter(isGivenUp),
      timeoutMs: this.options.protocol.shutdownTimeoutMs,
    });
  }

  /** Ends all that is open. Behind a handler that waits for it: until that has returned its lease is kept, and then released. */
  async close(): Promise<void> {
    if (!this.host.runs.isInHandler) return this.closeNow();
    const closed = this.scheduler.stop().then(() => this.closeNow());
    void closed.catch((error: unknown) => this.logger.error(error));
  }

  /** Also what has not started: a stage that was never begun has nothing to stop. */
  private async closeNow(): Promise<void> {
    for (const { stop } of [...this.stages].reverse()) await stop?.();
  }

  /** What the scheduler stands on, and it, on top. */
  private listStages(): readonly Stage[] {
    const { host, scheduler, control, storeWatch, bootLog } = this;
    const { enabled } = this.options.protocol;
    const ticking: readonly Stage[] = [
      { start: () => host.notices.start(control.version), stop: () => host.notices.stop() },
      {
        start: () => host.timeouts.start((task) => scheduler.armAgain(task)),
        stop: () => host.timeouts.stop(),
      },
      // Stopped before all this, by drain.
      { start: () => scheduler.start() },
    ];
    return [
      { start: () => host.open(), stop: () => host.backend.close() },
      {
        start: () => Promise.all([host.backend.verifyDistinct(IDENTITY_TIMEOUT_MS), control.ready()]),
        stop: () => control.stop(),
      },
      { start: () => storeWatch.start() },
      { start: () => bootLog.tell() },
      ...ticking.map((stage) => (enabled ? stage : { ...stage, start: undefined })),
    ];
  }

  /** What works, and is hardly meant. */
  private *warnings(): Generator<string> {
    const { explorers } = this.nestSchedule.find();
    // Since @nestjs/schedule 5 each ScheduleModule.forRoot() has an explorer of its own, which registers every job.
    if (explorers > 1)
      yield `ScheduleModule.forRoot() is imported ${explorers} times, so every plain @Cron, @Interval and @Timeout of this ` +
        `app runs ${explorers} times. Import it once, in the root module. Exclusive tasks are not affected.`;
    const { redis, tickLedger } = this.options;
    if (this.host.backend.strength === 'best_effort' && tickLedger === undefined)
      yield 'A Sentinel or a Cluster is best effort: a failover can lose what was granted last, and a tick may run twice. ' +
        'Compare the fencing token where you write, or use three independent masters.';
    // Allowed as a step between two odd sets only, see redis-input.ts.
    if (redis !== undefined && redis.length % 2 === 0)
      yield `redis lists ${redis.length} nodes: an even set tolerates no more failures than one node less. Finish the change of the ` +
        'set: add or remove one node more, raise nodeSetGeneration by one, and roll the deployment.';
  }
}
