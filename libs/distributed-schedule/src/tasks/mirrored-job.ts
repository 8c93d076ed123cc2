/**
 * What `SchedulerRegistry` of @nestjs/schedule shows of an exclusive task. It never runs anything. What would run, stop or change it
 * throws, and names the asynchronous call that does so in the whole cluster.
 */

import { CronJob } from 'cron';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { ExclusiveTask } from './exclusive-task.js';

/** The expression of every second, with seconds first. */
const EVERY_SECOND = '* * * * * *';

/** What a mirrored job asks about its task. */
export interface MirrorView {
  isActive(task: string): boolean;
  /** At shutdown @nestjs/schedule stops and deletes all that it finds. */
  isClosing(): boolean;
}

/** How the registry of this library says it, by the calls of a CronJob. `deleteCronJob` calls `stop`. */
const INSTEAD = {
  start: (name: string) => `await registry.resume('${name}')`,
  stop: (name: string) => `await registry.pause('${name}')`,
  fireOnTick: (name: string) => `await registry.trigger('${name}')`,
  setTime: (name: string) => `await registry.reschedule('${name}', { cron })`,
  addCallback: () => 'registry.addObserver(observer)',
} as const;

/** A job that is never started. `nextDate()` answers, on this machine's clock. */
export function createMirroredJob({ name, definition }: ExclusiveTask): CronJob {
  const onTick = (): void => undefined;
  const base = { name, onTick, start: false };
  if (definition.kind !== 'cron') return CronJob.from({ ...base, cronTime: EVERY_SECOND, timeZone: 'UTC' });
  const { cronTime, timeZone, utcOffset } = definition;
  if (typeof utcOffset === 'number') return CronJob.from({ ...base, cronTime, utcOffset });
  return CronJob.from({ ...base, cronTime, ...(typeof timeZone === 'string' ? { timeZone } : {}) });
}

/** To be called when the job is registered: `addCronJob` wraps `fireOnTick` so that what it throws is only logged. */
export function refuseControl(job: CronJob, { name }: ExclusiveTask, view: MirrorView): void {
  for (const [call, instead] of Object.entries(INSTEAD)) {
    const what = call === 'stop' ? 'stop() and deleteCronJob()' : `${call}()`;
    Object.defineProperty(job, call, {
      value: () => {
        if (!view.isClosing()) throw mirrored(name, what, instead(name));
      },
    });
  }
  // Some tools start what is not active.
  Object.defineProperty(job, 'isActive', { get: () => view.isActive(name) });
}

export class MirroredTimer {
  readonly task: string;
  readonly schedule: string;
  private readonly kind: 'Interval' | 'Timeout';
  private readonly view: MirrorView;

  constructor({ name, schedule, definition }: ExclusiveTask, view: MirrorView) {
    this.task = name;
    this.schedule = schedule.description;
    this.kind = definition.kind === 'timeout' ? 'Timeout' : 'Interval';
    this.view = view;
  }

  /** Node reads this of a timer that is to be cleared, before anything else: the documented way to end one is `clearInterval`. */
  get _onTimeout(): undefined {
    this.refuse(`clear${this.kind}() and delete${this.kind}()`, `await registry.pause('${this.task}')`);
    return undefined;
  }

  refresh(): void {
    this.refuse('refresh()', `await registry.trigger('${this.task}')`);
  }

  close(): void {
    this.refuse('close()', `await registry.pause('${this.task}')`);
  }

  hasRef(): boolean {
    return false;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  private refuse(what: string, instead: string): void {
    if (!this.view.isClosing()) throw mirrored(this.task, what, instead);
  }
}

function mirrored(task: string, what: string, instead: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_MIRRORED_JOB',
    `SchedulerRegistry only shows it, so ${what} would have no effect. Write ${instead} with DistributedScheduleRegistry, which ` +
      'holds in the whole cluster.',
    { task, value: what },
  );
}
