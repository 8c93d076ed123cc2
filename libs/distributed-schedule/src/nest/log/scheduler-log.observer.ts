import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { describeError, detailsOf } from '../../messages/shown-error.js';
import type { ControlCondition, ScheduleEvent, ScheduleObserver } from '../../protocol/contract/observer.js';
import type { Clock } from '../../protocol/contract/ports.js';
import { CLOCK } from '../distributed-schedule.tokens.js';
import { AuditLog } from './audit-log.js';
import { NodeLog } from './node-log.js';
import { OutageTicks } from './outage-ticks.js';
import { QuietLines } from './quiet-lines.js';
import { TickLog } from './tick-log.js';

const WORTH_A_WARNING: ReadonlySet<ControlCondition> = new Set([
  'follows_newer',
  'left_to_newer',
  'other_app',
  'name_shared',
  'left_alone',
  'unusable',
]);

const WORDS: Readonly<Record<ControlCondition, readonly [begins: string, ends: string]>> = {
  paused: ['is paused', 'is no longer paused'],
  rescheduled: ['has another schedule', 'has its own schedule again'],
  follows_newer: ['follows a newer version of the app', 'follows its definition here again'],
  left_to_newer: ['is left to the instances of a newer version', 'is no longer left to a newer version'],
  other_app: ['is left to another app', 'is no longer left to another app'],
  name_shared: ['has a name that another app uses', 'has its name to itself again'],
  elsewhere: ['is left to other instances', 'is no longer left to other instances'],
  left_alone: ['is left alone by this instance', 'is no longer left alone by this instance'],
  unusable: [
    'is left alone: the schedule that was decided cannot be used here',
    'is no longer left alone for its schedule',
  ],
};

/** Tells the log what a person must know. That another instance took a tick is daily business. Errors are shown without secrets. */
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
        this.logControl(event);
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

  /** What tasks are that are not, or no longer, what the code defines. */
  private logControl({
    task,
    condition,
    isActive,
    detail,
  }: Extract<ScheduleEvent, { type: 'control' }>): void {
    const [begins, ends] = WORDS[condition];
    const line = isActive ? `Task '${task}' ${begins}: ${detail}.` : `Task '${task}' ${ends}.`;
    // Instances of one app may have different tasks: nothing is wrong with that.
    if (condition === 'elsewhere') this.logger.debug(line);
    else if (isActive && WORTH_A_WARNING.has(condition)) this.logger.warn(line);
    else this.logger.log(line);
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
