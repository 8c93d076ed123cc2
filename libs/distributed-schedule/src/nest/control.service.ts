import { Inject, Injectable } from '@nestjs/common';
import { twoApps } from '../control/app-claims.js';
import { Control } from '../control/control.js';
import type { PlannedTask } from '../control/planned-task.js';
import { whyNobodyRuns } from '../control/task-peers.js';
import { BOARD_PERIOD_MS } from '../protocol/board/board-record.js';
import type { Clock, Random } from '../protocol/contract/ports.js';
import { ObserverFanout } from '../protocol/scheduler/observer-fanout.js';
import { within } from '../protocol/time/within.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
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
  /** Undefined until the app is initialised. */
  control: Control | undefined;
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
    return this.control?.tasks ?? new Map();
  }

  /**
   * Plans tasks, and brings the scheduler to that. The board is read from {@link ready} on, or from the first decision before.
   * @throws DistributedScheduleError DSCHED_REQUEST_SCOPED, DSCHED_DUPLICATE_TASK
   */
  begin(tasks: readonly ExclusiveTask[]): void {
    const { host, clock, random, observer, options } = this;
    const { board, room, scheduler, sets } = host;
    const { protocol, app, followMoreFrequent } = options;
    const own = new Map(tasks.map((task) => [task.name, task]));
    this.control = new Control({
      ...{ board, room, clock, random, observer, scheduler, app, followMoreFrequent, own },
      setsOnBoard: sets,
      bidStaggerMs: protocol.bidStaggerMs,
      handlers: handlersOf(own, this.handlers.explore()),
      buildContext: () => ({ nowMs: clock.wallMs(), defaults: options.tasks }),
      whyNobodyRuns: whyNobodyRuns(options, host),
      stopped: this.stopping.signal,
    });
    scheduler.listen(this.control.runs);
    this.control.start();
  }

  /** @throws DistributedScheduleError DSCHED_TWO_APPS. Resolves when the scheduler has what was decided, or nodes do not answer */
  async ready(): Promise<void> {
    const { control, host, clock } = this;
    if (control === undefined) return;
    host.open();
    const lateMs = clock.monotonicMs() + FIRST_READ_WITHIN_MS;
    const isRead = host.board.whenCurrent.then(() => true);
    for (let isKnown = false; !isKnown && clock.monotonicMs() < lateMs; ) {
      const askMs = Math.min(lateMs, clock.monotonicMs() + ASK_AGAIN_AFTER_MS);
      isKnown = await within(clock, askMs, isRead, false);
      // An exchange without an answer is repeated after a period only, and the whole boot waits for this one.
      if (!isKnown) host.board.flush();
    }
    control.planning.news();
    await control.planning.settled();
    // Later it is a condition: an app that runs is not ended for what another one does.
    if (host.board.isCurrent && this.options.protocol.enabled) requireOwnNames(control);
    this.keeping ??= this.keep(control);
  }

  get version(): string {
    return this.control?.sets.id ?? '';
  }

  /** Shows the last runs and ends the exchange with the nodes. */
  async stop(): Promise<void> {
    this.stopping.abort('stopped');
    await this.keeping;
    this.control?.runs.write(true);
    await this.host.board.stop();
  }

  /** What an instance writes by itself, once a period. */
  private async keep({ sets, runs }: Control): Promise<void> {
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

/** @throws DistributedScheduleError DSCHED_TWO_APPS where a task of the code is another app's by name */
function requireOwnNames({ tasks, sets }: Control): void {
  for (const { name, source, conditions } of tasks.values()) {
    const rival = sets.rivalOf(name);
    if (source === 'code' && conditions.has('other_app') && rival !== undefined)
      throw twoApps(name, sets.app, rival);
  }
}
