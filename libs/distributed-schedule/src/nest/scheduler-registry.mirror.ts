import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import { createMirroredJob, MirroredTimer, type MirrorView, refuseControl } from '../tasks/mirrored-job.js';
import { ControlService } from './control.service.js';
import { type JobRegistry, jobKindOf, NestSchedule } from './nest-schedule.js';

/** Shows exclusive tasks in the `SchedulerRegistry` of @nestjs/schedule. None of them runs: it would, outside of the protocol. */
@Injectable()
export class SchedulerRegistryMirror {
  private readonly logger = new Logger('DistributedSchedule');
  private isClosing = false;
  private readonly view: MirrorView = {
    isActive: (task) => this.control.tasks.get(task)?.state === 'active',
    isClosing: () => this.isClosing,
  };

  constructor(
    @Inject(NestSchedule) private readonly nestSchedule: NestSchedule,
    @Inject(ControlService) private readonly control: ControlService,
  ) {}

  /** To be called when @nestjs/schedule has registered the app's own jobs, so that theirs keep their names. */
  show(tasks: readonly ExclusiveTask[]): void {
    const { registry } = this.nestSchedule.find();
    // Apps without ScheduleModule have none.
    if (registry === undefined) return;
    for (const task of tasks) this.showOne(registry, task);
  }

  /** From now on jobs may be stopped and deleted. To be called before @nestjs/schedule does that. */
  close(): void {
    this.isClosing = true;
  }

  private showOne(registry: JobRegistry, task: ExclusiveTask): void {
    const kind = jobKindOf(task.definition);
    if (registry.doesExist(kind, task.name)) {
      this.logger.warn(
        `SchedulerRegistry has another ${kind} '${task.name}' already, so the exclusive task of that name ` +
          'is not shown there. It runs all the same.',
      );
      return;
    }
    if (kind === 'interval') registry.addInterval(task.name, new MirroredTimer(task, this.view));
    else if (kind === 'timeout') registry.addTimeout(task.name, new MirroredTimer(task, this.view));
    else {
      const job = createMirroredJob(task);
      registry.addCronJob(task.name, job);
      refuseControl(job, task, this.view);
    }
  }
}
