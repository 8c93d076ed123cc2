import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Scheduler } from '../protocol/scheduler.js';
import { BootLog } from './boot-log.js';
import { ControlService } from './control.service.js';
import { MODULE_OPTIONS, SCHEDULER, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import type { ModuleOptions } from './distributed-schedule-options.resolver.js';
import { ExclusiveExplorer, type ExclusiveTask } from './exclusive.explorer.js';
import { NestSchedule } from './nest-schedule.js';
import type { SchedulerHost } from './scheduler.provider.js';
import { SchedulerRegistryMirror } from './scheduler-registry.mirror.js';

/** How long boot waits for the nodes to say who they are. One that is down must not keep the app from starting. */
const IDENTITY_TIMEOUT_MS = 1_000;

/** Owns the life of the scheduler: finds its tasks, starts it, drains it, closes what it stands on. */
@Injectable()
export class TaskOrchestrator {
  private readonly logger = new Logger('DistributedSchedule');
  private tasks: readonly ExclusiveTask[] = [];

  constructor(
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(SCHEDULER) private readonly scheduler: Scheduler,
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(ExclusiveExplorer) private readonly explorer: ExclusiveExplorer,
    @Inject(SchedulerRegistryMirror) private readonly mirror: SchedulerRegistryMirror,
    @Inject(NestSchedule) private readonly nestSchedule: NestSchedule,
    @Inject(ControlService) private readonly control: ControlService,
    @Inject(BootLog) private readonly bootLog: BootLog,
  ) {}

  /**
   * Registers every task; what is wrong with one stops the boot here, before anything has run.
   * @throws DistributedScheduleError the errors of a bad task; DSCHED_SAME_NODE_TWICE
   */
  async register(): Promise<void> {
    this.warnOfDoubledJobs();
    this.warnOfWeakStore();
    this.warnOfEvenNodes();
    try {
      const tasks = this.explorer.explore();
      this.tasks = tasks.filter((task) => !task.disabled);
      for (const task of this.tasks) this.scheduler.add(task);
      this.control.begin(tasks);
      await this.host.backend.verifyDistinct(IDENTITY_TIMEOUT_MS);
    } catch (error) {
      // An app that does not boot gets no shutdown hooks, and open connections would keep its process alive.
      await this.close();
      throw error;
    }
  }

  /**
   * Resolves when ticks may come: what was decided about tasks at run time has been read, if the nodes answer.
   * @throws DistributedScheduleError DSCHED_TWO_APPS
   */
  async start(): Promise<void> {
    this.mirror.show(this.tasks);
    try {
      await this.control.ready();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.bootLog.tell();
    if (!this.options.protocol.enabled) return;
    this.host.notices.start(this.control.version);
    this.host.timeouts.start((task) => this.scheduler.armAgain(task));
    this.scheduler.start();
  }

  /** Resolves when nothing of ours runs any more, within `shutdownTimeoutMs`. */
  async drain(): Promise<void> {
    await this.scheduler.stop();
  }

  async close(): Promise<void> {
    this.host.timeouts.stop();
    await this.host.notices.stop();
    await this.control.stop();
    await this.host.backend.close();
  }

  /** Since @nestjs/schedule 5 each ScheduleModule.forRoot() has an explorer of its own, which registers every job. */
  private warnOfDoubledJobs(): void {
    const { explorers } = this.nestSchedule.find();
    if (explorers < 2) return;
    this.logger.warn(
      `ScheduleModule.forRoot() is imported ${explorers} times, so every plain @Cron, @Interval and @Timeout of this ` +
        `app runs ${explorers} times. Import it once, in the root module. Exclusive tasks are not affected.`,
    );
  }

  /** Allowed as a step between two odd sets only, see redis-input.ts. */
  private warnOfEvenNodes(): void {
    const count = this.options.redis?.length ?? 1;
    if (count % 2 !== 0) return;
    this.logger.warn(
      `redis lists ${count} nodes: an even set tolerates no more failures than one node less. Finish the change of the ` +
        'set: add or remove one node more, raise nodeSetGeneration by one, and roll the deployment.',
    );
  }

  private warnOfWeakStore(): void {
    if (this.host.backend.strength !== 'best_effort' || this.options.tickLedger !== undefined) return;
    this.logger.warn(
      'A Sentinel or a Cluster is best effort: a failover can lose what was granted last, and a tick may run twice. ' +
        'Compare the fencing token where you write, or use three independent masters.',
    );
  }
}
