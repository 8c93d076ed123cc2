import { Inject, Injectable, Logger } from '@nestjs/common';
import { instanceLine, taskLines } from '../../messages/boot-lines.js';
import { isEligible } from '../../protocol/members/ranking.js';
import type { ModuleOptions } from '../../setup/distributed-schedule-options.resolver.js';
import { ControlService } from '../control.service.js';
import { MODULE_OPTIONS, SCHEDULER_HOST } from '../distributed-schedule.tokens.js';
import { ExclusiveHandlerExplorer } from '../exclusive-handler.explorer.js';
import { nodeCountOf } from '../schedule-backend.js';
import type { SchedulerHost } from '../scheduler.provider.js';

/** Tells at boot what works, as Nest does of routes: otherwise silence is all that a healthy instance shows. */
@Injectable()
export class BootLog {
  private readonly logger = new Logger('DistributedSchedule');

  constructor(
    @Inject(SCHEDULER_HOST) private readonly host: SchedulerHost,
    @Inject(MODULE_OPTIONS) private readonly options: ModuleOptions,
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
      whyNotHere: ({ task }) =>
        isEligible(task?.placement, options.labels)
          ? undefined
          : `it wants the labels ${task?.placement?.runOn.join(', ')}`,
      nowMs: host.board.nowMs(),
    });
    for (const line of lines) this.logger.log(line);
  }
}
