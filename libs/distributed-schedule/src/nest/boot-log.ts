import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ScheduleEvent, ScheduleObserver } from '../protocol/observer.js';
import type { Clock } from '../protocol/ports.js';
import { isEligible } from '../protocol/ranking.js';
import { instanceLine, taskLines } from './boot-lines.js';
import { ControlService } from './control.service.js';
import { CLOCK, MODULE_OPTIONS, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import type { ModuleOptions } from './distributed-schedule-options.resolver.js';
import { ExclusiveHandlerExplorer } from './exclusive-handler.explorer.js';
import { ObserverFanout } from './observer-fanout.js';
import type { PlannedTask } from './planned-task.js';
import { nodeCountOf } from './schedule-backend.js';
import type { SchedulerHost } from './scheduler.provider.js';

/** A majority that takes longer was missing by then, and its return is told by whoever told that. */
const FIRST_MAJORITY_WITHIN_MS = 3_000;

/** Tells at boot what works, as Nest does of routes: otherwise silence is all that a healthy instance shows. */
@Injectable()
export class BootLog implements ScheduleObserver {
  private readonly logger = new Logger('DistributedSchedule');
  private startedMs = 0;

  constructor(
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ObserverFanout) private readonly fanout: ObserverFanout,
    @Inject(ControlService) private readonly control: ControlService,
    @Inject(ExclusiveHandlerExplorer) private readonly handlers: ExclusiveHandlerExplorer,
  ) {}

  /** To be called when it is known what was decided about tasks, and before the first tick. */
  tell(): void {
    const { options, host } = this;
    const { instanceId, app, protocol } = options;
    this.logger.log(
      instanceLine({
        ...{ instanceId, app, namespace: protocol.namespace, enabled: protocol.enabled },
        ...{ nodes: nodeCountOf(options), strength: host.backend.strength },
        isReplaced: options.lockProvider !== undefined && options.tickLedger !== undefined,
      }),
    );
    const lines = taskLines({
      planned: [...this.control.tasks.values()],
      handlers: [...this.handlers.explore().keys()],
      whyNotHere: (task) => this.whyNotHere(task),
      nowMs: host.board.nowMs(),
    });
    for (const line of lines) this.logger.log(line);
    this.startedMs = this.clock.monotonicMs();
    this.fanout.add(this);
  }

  observe(event: ScheduleEvent): void {
    if (event.type !== 'quorum' || !event.reached) return;
    this.fanout.remove(this);
    if (this.options.redis === undefined) return;
    if (this.clock.monotonicMs() - this.startedMs > FIRST_MAJORITY_WITHIN_MS) return;
    this.logger.log(`Quorum reached: ${event.nodesAnswering} of ${event.nodes} nodes answer.`);
  }

  private whyNotHere({ task }: PlannedTask): string | undefined {
    if (isEligible(task?.placement, this.options.labels)) return undefined;
    return `it wants the labels ${task?.placement?.runOn.join(', ')}`;
  }
}
