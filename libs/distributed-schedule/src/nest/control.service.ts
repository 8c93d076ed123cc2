import { Inject, Injectable } from '@nestjs/common';
import { twoApps } from '../control/app-claims.js';
import { Blueprints } from '../control/blueprints.js';
import { ControlReconciler } from '../control/control.reconciler.js';
import { ControlPlan } from '../control/control-plan.js';
import { watchDecisions } from '../control/control-watch.js';
import { definitionSetOf } from '../control/definition-set.js';
import { DefinitionSets } from '../control/definition-sets.js';
import { FrequencyComparisons } from '../control/frequency-comparisons.js';
import type { PlannedTask } from '../control/planned-task.js';
import { PlanningSlices } from '../control/planning-slices.js';
import { RunRecords } from '../control/run-records.js';
import { TaskControl } from '../control/task-control.js';
import { whyNobodyRuns } from '../control/task-runners.js';
import { TaskTrigger } from '../control/task-trigger.js';
import { VersionRule } from '../control/version-rule.js';
import { BOARD_PERIOD_MS } from '../protocol/board/board-record.js';
import type { Clock, Random } from '../protocol/contract/ports.js';
import { ObserverFanout } from '../protocol/scheduler/observer-fanout.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import type { BuildContext } from '../tasks/schedule.factory.js';
import { CLOCK, MODULE_OPTIONS, RANDOM, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import { ExclusiveHandlerExplorer, handlersOf } from './exclusive-handler.explorer.js';
import type { SchedulerHost } from './scheduler.provider.js';

/** How long ticks wait for what was decided at run time; without a majority no tick is won anyway. */
const FIRST_READ_WITHIN_MS = 1_000;
const ASK_AGAIN_AFTER_MS = 150;

/** Control at run time on this instance: reads and keeps the board, and brings the scheduler to what stands there. */
@Injectable()
export class ControlService {
  private readonly stopping = new AbortController();
  private begun: Begun | undefined;
  private keeping: Promise<void> | undefined;

  constructor(
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(RANDOM) private readonly random: Random,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(ObserverFanout) private readonly observer: ObserverFanout,
    @Inject(ExclusiveHandlerExplorer) private readonly handlers: ExclusiveHandlerExplorer,
  ) {}

  /** What is planned for every task that is known here. Empty until the app is initialised. */
  get tasks(): ReadonlyMap<string, PlannedTask> {
    return this.begun?.reconciler.tasks ?? new Map();
  }

  /** Undefined until the app is initialised. */
  get runs(): RunRecords | undefined {
    return this.begun?.runs;
  }

  /** Decisions for the whole cluster. Undefined until the app is initialised. */
  get control(): TaskControl | undefined {
    return this.begun?.control;
  }

  get trigger(): TaskTrigger | undefined {
    return this.begun?.trigger;
  }

  /**
   * Plans tasks, and brings the scheduler to that. The board is read from {@link ready} on, or from the first
   * decision that is made before.
   * @throws DistributedScheduleError DSCHED_REQUEST_SCOPED, DSCHED_DUPLICATE_TASK
   */
  begin(tasks: readonly ExclusiveTask[]): void {
    const { board, room, scheduler } = this.host;
    const { protocol, app, followMoreFrequent } = this.options;
    const { bidStaggerMs } = protocol;
    const own = new Map(tasks.map((task) => [task.name, task]));
    const handlers = handlersOf(own, this.handlers.explore());
    const sets = new DefinitionSets(board, app, definitionSetOf(tasks), this.host.sets);
    const surroundings = (): BuildContext => ({
      nowMs: this.clock.wallMs(),
      defaults: this.options.tasks,
    });
    const blueprints = new Blueprints(surroundings, bidStaggerMs);
    const desk = new FrequencyComparisons(this.clock, () => planning.news(), this.stopping.signal);
    const versions = new VersionRule(followMoreFrequent, desk);
    const plan = new ControlPlan({ board: room, sets, versions, own, handlers, blueprints });
    const reconciler = new ControlReconciler(plan, scheduler, this.observer);
    const planning = new PlanningSlices({
      reconciler,
      clock: this.clock,
      stopped: this.stopping.signal,
      onError: (error) => this.observer.observe({ type: 'error', error, where: 'control' }),
    });
    const runs = new RunRecords(room, (task) => own.has(task));
    const decisions = {
      board: room,
      clock: this.clock,
      tasks: () => reconciler.tasks,
      app,
      rivalOf: (name: string) => sets.rivals().get(name),
    };
    const known = new Set(handlers.keys());
    const control = new TaskControl({ ...decisions, blueprints, bidStaggerMs, handlers: known });
    const trigger = new TaskTrigger({
      ...decisions,
      random: this.random,
      bidStaggerMs,
      whyNobodyRuns: whyNobodyRuns(this.options, this.host),
    });
    this.begun = { sets, reconciler, planning, runs, control, trigger };
    scheduler.listen(runs);
    reconciler.reconcile();
    watchDecisions({ board, app, sets }, (names) => planning.news(names));
  }

  /**
   * Resolves when the scheduler has what was decided, or when the nodes do not answer in time.
   * @throws DistributedScheduleError DSCHED_TWO_APPS
   */
  async ready(): Promise<void> {
    const { begun, host, clock } = this;
    if (begun === undefined) return;
    host.open();
    const timer = new AbortController();
    const lateMs = clock.monotonicMs() + FIRST_READ_WITHIN_MS;
    void host.board.whenCurrent.then(() => timer.abort('read'));
    while (!timer.signal.aborted && clock.monotonicMs() < lateMs) {
      await clock.sleepUntil(Math.min(lateMs, clock.monotonicMs() + ASK_AGAIN_AFTER_MS), timer.signal);
      // An exchange without an answer is repeated after a period only, and the whole boot waits for this one.
      if (!timer.signal.aborted) host.board.flush();
    }
    begun.planning.news();
    await begun.planning.settled();
    // Later it is a condition: an app that runs is not ended for what another one does.
    if (host.board.isCurrent && this.options.protocol.enabled) requireOwnNames(begun);
    this.keeping ??= this.keep(begun);
  }

  /** Names what this version of the app defines. */
  get version(): string {
    return this.begun?.sets.id ?? '';
  }

  /** Shows the last runs and ends the exchange with the nodes. */
  async stop(): Promise<void> {
    this.stopping.abort('stopped');
    await this.keeping;
    this.begun?.runs.write(true);
    await this.host.board.stop();
  }

  /** What an instance writes by itself, once a period. */
  private async keep({ sets, runs }: Begun): Promise<void> {
    const { clock, host, options } = this;
    const isBidding = (): boolean => options.protocol.enabled && host.scheduler.reach().state !== 'fenced';
    while (!this.stopping.signal.aborted) {
      // Not before it has read when its version was seen for the first time, nor when it has forgotten that after a long
      // absence: it would pass for the newest. And not for one that runs nothing, since others would leave tasks to it.
      try {
        if (host.board.isCurrent && isBidding()) sets.keepAlive();
        runs.write();
      } catch (error) {
        this.observer.observe({ type: 'error', error, where: 'control' });
      }
      await clock.sleepUntil(clock.monotonicMs() + BOARD_PERIOD_MS, this.stopping.signal);
    }
  }
}

interface Begun {
  readonly sets: DefinitionSets;
  readonly reconciler: ControlReconciler;
  readonly planning: PlanningSlices;
  readonly runs: RunRecords;
  readonly control: TaskControl;
  readonly trigger: TaskTrigger;
}

/** @throws DistributedScheduleError DSCHED_TWO_APPS where a task of the code is another app's by name */
function requireOwnNames({ reconciler, sets }: Begun): void {
  const rivals = sets.rivals();
  for (const { name, source, conditions } of reconciler.tasks.values()) {
    const rival = rivals.get(name);
    if (source === 'code' && conditions.has('other_app') && rival !== undefined)
      throw twoApps(name, sets.app, rival);
  }
}
