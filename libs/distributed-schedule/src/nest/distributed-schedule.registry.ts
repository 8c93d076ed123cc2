import { Inject, Injectable } from '@nestjs/common';
import type { Control } from '../control/control.js';
import type { RunRecord } from '../control/control-records.js';
import type { PlannedTask, TaskState } from '../control/planned-task.js';
import type { RuntimeTask } from '../control/runtime-task.js';
import type { TriggeredTick, TriggerOptions } from '../control/task-trigger.js';
import type { StoreStatus } from '../messages/store-status.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { ControlCondition, ScheduleObserver } from '../protocol/contract/observer.js';
import type { TaskStatus } from '../protocol/contract/tick-context.js';
import { didYouMean } from '../protocol/options/closest-name.js';
import { ObserverFanout } from '../protocol/scheduler/observer-fanout.js';
import type { Scheduler } from '../protocol/scheduler/scheduler.js';
import type { SchedulerStatus } from '../protocol/scheduler/scheduler-parts.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import { ControlService } from './control.service.js';
import { SCHEDULER, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import type { SchedulerHost } from './scheduler.provider.js';

/** A task as all instances of this app know it, and how it stands on this instance. */
export interface RegisteredTask extends TaskStatus {
  /** `code`: decorated, in this version of the app or another one that runs. `runtime`: added by {@link add}. */
  readonly source: 'code' | 'runtime';
  /**
   * `active`; `paused` in the whole cluster; `disabled` on this instance by its decorator or ScheduleModule; `left_alone` by this
   * instance, for a reason that stands in `conditions`.
   */
  readonly state: TaskState;
  /** What holds for it beside its definition in this code, in words. */
  readonly conditions: Readonly<Partial<Record<ControlCondition, string>>>;
  /** The newest run that has ended on any instance; undefined when none is known. */
  readonly newestRun: RunRecord | undefined;
}

/** What this instance has seen of a task that it does not run. */
const NO_RUNS = { lastReport: undefined, lastRun: undefined, running: 0, runs: [] };
const NO_FINDINGS = { missed: 0, lost: 0, stuck: 0 };

/**
 * The handle of programs on the tasks of the cluster. Inject it anywhere; the module is global.
 *
 * A decision holds for every instance within a second or little more, and outlives restarts of all of them: it stands on the nodes, or in the memory
 * of the process. It resolves when a majority of the nodes has it. After about a second without one it is an error
 * (`DSCHED_NOT_KEPT`) which says how far it came. Each may be repeated.
 */
@Injectable()
export class DistributedScheduleRegistry {
  constructor(
    @Inject(SCHEDULER) private readonly scheduler: Scheduler,
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(ObserverFanout) private readonly fanout: ObserverFanout,
    @Inject(ControlService) private readonly control: ControlService,
  ) {}

  /** All tasks of this app, also those that do not run here; those in the code first. Empty until the app is initialised. */
  list(): readonly RegisteredTask[] {
    const scheduled = new Map(this.scheduler.status().tasks.map((status) => [status.name, status]));
    const from = (wanted: PlannedTask['source']): PlannedTask[] =>
      [...this.control.tasks.values()].filter(({ source }) => source === wanted);
    const added = from('runtime').sort((one, other) => (one.name < other.name ? -1 : 1));
    return [...from('code'), ...added].map((task) => this.registered(task, scheduled.get(task.name)));
  }

  /** @throws DistributedScheduleError DSCHED_UNKNOWN_TASK */
  get(name: string): RegisteredTask {
    const task = this.control.tasks.get(name);
    if (task !== undefined) return this.registered(task, this.scheduler.statusOf(name));
    const names = [...this.control.tasks.keys()];
    const known = names.length === 0 ? 'none' : names.map((one) => `'${one}'`).join(', ');
    throw new DistributedScheduleError(
      'DSCHED_UNKNOWN_TASK',
      `no task '${name}' is registered on this instance.${didYouMean(name, names)} There are ${known}.`,
      { value: name },
    );
  }

  has(name: string): boolean {
    return this.control.tasks.has(name);
  }

  /**
   * Adds a task to the whole cluster. Instances without the handler that it `runs` leave it alone and say so. The same task
   * again changes nothing, so every instance may add it when it starts.
   * @throws DistributedScheduleError DSCHED_DUPLICATE_TASK when there is another task of this name, unless `replace` is given; DSCHED_TWO_APPS;
   * DSCHED_UNKNOWN_HANDLER, DSCHED_NO_SCHEDULE, DSCHED_BAD_SCHEDULE, DSCHED_DURATIONS, DSCHED_BAD_OPTION,
   * DSCHED_UNKNOWN_OPTION, and those of a decision: DSCHED_NOT_KEPT, DSCHED_BOARD_FULL
   */
  async add(task: RuntimeTask): Promise<RegisteredTask> {
    await this.requireBegun().decide.add(task);
    return this.get(task.name);
  }

  /**
   * Removes a task that was added. A run in flight ends as it would have.
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK; DSCHED_NOT_REMOVABLE for a decorated task, which can be paused
   */
  async remove(name: string): Promise<void> {
    await this.requireBegun().decide.remove(name);
  }

  /**
   * Gives a task another schedule, from now on and over all deploys, until {@link restoreSchedule}. What was triggered already
   * stays: a tick of the new schedule may come close to it and leave it little time to start late.
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK, DSCHED_NO_SCHEDULE, DSCHED_BAD_SCHEDULE, DSCHED_DURATIONS
   */
  async reschedule(name: string, schedule: ScheduleData): Promise<RegisteredTask> {
    await this.requireBegun().decide.reschedule(name, schedule);
    return this.get(name);
  }

  /** Gives a task the schedule again that it was defined with. */
  async restoreSchedule(name: string): Promise<RegisteredTask> {
    await this.requireBegun().decide.restoreSchedule(name);
    return this.get(name);
  }

  /** From now on no scheduled tick of the task is due. A run in flight ends as it would have, and it can still be triggered. */
  async pause(name: string): Promise<void> {
    await this.requireBegun().decide.pause(name);
  }

  /** Ticks are due again from now on. Those of the pause are none of the task's: no misfire policy makes up for them. */
  async resume(name: string): Promise<void> {
    await this.requireBegun().decide.resume(name);
  }

  /**
   * Adds one tick with its own token and idempotency key, about a second from now and clear of the scheduled ones. It runs once like any other, under the
   * policies of the task, which may be paused. Each call adds a tick of its own; they are due in the order of the calls of one process.
   * @returns when it is due
   * @throws DistributedScheduleError DSCHED_UNKNOWN_TASK, DSCHED_UNKNOWN_HANDLER when this instance leaves the task alone,
   * DSCHED_TASK_DISABLED when it is switched off here, DSCHED_NOBODY_RUNS, DSCHED_NO_ROOM, DSCHED_BAD_OPTION, DSCHED_UNKNOWN_OPTION
   */
  async trigger(name: string, options: TriggerOptions = {}): Promise<TriggeredTick> {
    return this.requireBegun().trigger.trigger(name, options);
  }

  /** The state of this instance: quorum, members, skew, tasks and leases. */
  status(): SchedulerStatus {
    return this.scheduler.status();
  }

  /** What the store promises, and which of its nodes answer. Asks nobody: it tells what is known. */
  store(): StoreStatus {
    const { backend, electorate } = this.host;
    const { problems } = electorate.status();
    const nodes = backend.health().map((node) => {
      const problem = node.problem ?? problems[node.label];
      return problem === undefined ? node : { ...node, problem };
    });
    return { strength: backend.strength, nodes };
  }

  /** Watches everything from now on. Adding an observer twice changes nothing. */
  addObserver(observer: ScheduleObserver): void {
    this.fanout.add(observer);
  }

  removeObserver(observer: ScheduleObserver): void {
    this.fanout.remove(observer);
  }

  private registered(planned: PlannedTask, status: TaskStatus | undefined): RegisteredTask {
    const { name, source, state, conditions } = planned;
    return {
      ...(status ?? this.absent(planned)),
      source,
      state,
      conditions: Object.fromEntries(conditions),
      newestRun: this.control.control?.runs.newest(name),
    };
  }

  /** Of a task that is not in the scheduler of this instance. */
  private absent({ name, state, base }: PlannedTask): TaskStatus {
    return {
      name,
      schedule: base?.description ?? 'defined elsewhere',
      eligible: false,
      nextTick: state === 'paused' ? undefined : base?.nextAfter(this.host.board.nowMs()),
      ...{ ...NO_RUNS, ...NO_FINDINGS },
    };
  }

  private requireBegun(): Control {
    const { control } = this.control;
    // It may come before the app is ready, in onApplicationBootstrap of another module.
    if (control !== undefined) this.host.open();
    if (control !== undefined) return control;
    throw new DistributedScheduleError(
      'DSCHED_NOT_KEPT',
      'the app is not initialised yet: tasks can be controlled from onApplicationBootstrap on, not in a constructor or in ' +
        'onModuleInit. Nothing was written',
    );
  }
}
