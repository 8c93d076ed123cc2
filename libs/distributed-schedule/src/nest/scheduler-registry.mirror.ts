import { Inject, Injectable, Logger } from '@nestjs/common';
import { CronJob } from 'cron';
import type { ExclusiveTask } from './exclusive.explorer.js';
import { type JobRegistry, jobKindOf, NestSchedule } from './nest-schedule.js';

/** The expression of every second, with seconds first. */
const EVERY_SECOND = '* * * * * *';

/**
 * Shows exclusive tasks in the `SchedulerRegistry` of @nestjs/schedule, so that code which lists an app's jobs
 * sees all of them. What stands there never runs anything: starting a job would run it on this instance, outside
 * of the protocol.
 */
@Injectable()
export class SchedulerRegistryMirror {
  private readonly logger = new Logger('DistributedSchedule');

  constructor(@Inject(NestSchedule) private readonly nestSchedule: NestSchedule) {}

  /** To be called when @nestjs/schedule has registered the app's own jobs, so that theirs keep their names. */
  show(tasks: readonly ExclusiveTask[]): void {
    const { registry } = this.nestSchedule.find();
    // Apps without ScheduleModule have none.
    if (registry === undefined) return;
    for (const task of tasks) this.showOne(registry, task);
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
    if (kind === 'cron') registry.addCronJob(task.name, createIdleJob(task));
    else if (kind === 'interval') registry.addInterval(task.name, new MirroredTimer(task));
    else registry.addTimeout(task.name, new MirroredTimer(task));
  }
}

/** A job that is never started. `nextDate()` answers, on this machine's clock. */
function createIdleJob({ name, definition }: ExclusiveTask): CronJob {
  // The scheduler of this library fires the task. A job that somebody starts by hand must not run it twice.
  const onTick = (): void => undefined;
  const base = { name, onTick, start: false };
  if (definition.kind !== 'cron') return CronJob.from({ ...base, cronTime: EVERY_SECOND, timeZone: 'UTC' });
  const { cronTime, timeZone, utcOffset } = definition;
  if (typeof utcOffset === 'number') return CronJob.from({ ...base, cronTime, utcOffset });
  return typeof timeZone === 'string'
    ? CronJob.from({ ...base, cronTime, timeZone })
    : CronJob.from({ ...base, cronTime });
}

/** Stands where a timer would. Node's clearInterval and clearTimeout pass over what is no timer, so it can be deleted as well. */
class MirroredTimer {
  readonly task: string;
  readonly schedule: string;

  constructor({ name, schedule }: ExclusiveTask) {
    this.task = name;
    this.schedule = schedule.description;
  }
}
