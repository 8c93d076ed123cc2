import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { describeError, detailsOf } from '../../messages/shown-error.js';
import type { ScheduleEvent, ScheduleObserver } from '../../protocol/contract/observer.js';
import type { Clock } from '../../protocol/contract/ports.js';
import { CLOCK } from '../distributed-schedule.tokens.js';
import { AuditLog } from './audit-log.js';
import { logControl } from './control-log.js';
import { NodeLog } from './node-log.js';
import { OutageTicks } from './outage-ticks.js';
import { QuietLines } from './quiet-lines.js';
import { TickLog } from './tick-log.js';

/**
 * Tells the log what a person must know: failures, lost leases, changes of the quorum. That another instance took
 * a tick is daily business and says nothing. Errors are shown as far as they hold no secret, see shown-error.ts.
 */
@Injectable()
export class SchedulerLogObserver implements ScheduleObserver, OnModuleDestroy {
  private readonly logger = new Logger('DistributedSchedule');
  private readonly lines: QuietLines;
  private readonly outages: OutageTicks;
  private readonly ticks: TickLog;
  private readonly audit: AuditLog;
  private readonly nodes = new NodeLog(this.logger);
  private isFenced = false;

  constructor(@Inject(CLOCK) clock: Clock) {
    this.lines = new QuietLines(this.logger, clock);
    this.outages = new OutageTicks(this.logger, clock);
    this.ticks = new TickLog(this.logger, this.lines, this.outages, clock);
    const isProduction = process.env.NODE_ENV === 'production';
    this.audit = new AuditLog(this.logger, this.lines, this.outages, clock, isProduction);
  }

  observe(event: ScheduleEvent): void {
    switch (event.type) {
      case 'tick':
        this.ticks.log(event.report);
        return;
      case 'quorum':
        this.outages.sawQuorum(event.reached);
        return;
      case 'fenced':
        this.logFenced();
        return;
      case 'identity':
        // Whether a new memory votes is decided more than once while nodes come up.
        if (this.lines.mayPass(`${event.node} ${event.detail}`)) this.nodes.log(event);
        return;
      case 'node_set':
      case 'stamped':
        this.nodes.log(event);
        return;
      case 'control':
        logControl(this.logger, event);
        return;
      case 'audit':
        this.audit.log(event.finding);
        return;
      case 'error':
        if (isToldByStoreWatch(event)) return;
        this.logger.error(`In ${event.where}: ${describeError(event.error)}`, detailsOf(event.error));
        return;
      case 'lease_lost':
      case 'retry':
      case 'started':
      case 'timed_out':
      case 'given_up':
      case 'late_end':
        this.ticks.logRun(event);
        return;
      case 'renewed':
      case 'members':
        return;
      default:
        event satisfies never;
    }
  }

  /** Nothing is gathered any more: what is left is said now. */
  onModuleDestroy(): void {
    this.outages.stop();
    this.lines.stop();
  }

  private logFenced(): void {
    if (this.isFenced) return;
    this.isFenced = true;
    this.logger.error(
      'DSCHED_NODE_SET_OUTDATED: a newer generation of the node set is in use. This instance has stopped bidding for good.',
    );
  }
}

/** A node that is up and gives no vote, whose problem is told with what it means for the majority. */
function isToldByStoreWatch({ where, error }: Extract<ScheduleEvent, { type: 'error' }>): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return /^node \d+$/.test(where) && typeof code === 'string' && code.startsWith('DSCHED_');
}
