import { Inject, Injectable, Logger } from '@nestjs/common';
import type { AuditFinding } from '../protocol/audit/audit-finding.js';
import type { ControlCondition, ScheduleEvent, ScheduleObserver } from '../protocol/observer.js';
import type { TickReport } from '../protocol/outcome.js';
import type { Clock } from '../protocol/ports.js';
import { CLOCK } from './distributed-schedule.tokens.js';
import { NodeLog } from './node-log.js';
import { describeError, detailsOf } from './shown-error.js';

/** One line per task, outcome and so many ms for what can go on every second; so many of them are remembered. */
const QUIET_MS = 60_000;
const MOST_LINES_REMEMBERED = 3_000;

const WORTH_A_WARNING: ReadonlySet<ControlCondition> = new Set([
  'follows_newer',
  'left_to_newer',
  'other_app',
  'name_shared',
  'left_alone',
  'unusable',
]);

interface Muted {
  readonly sinceMs: number;
  readonly suppressed: number;
}

/**
 * Tells the log what a person must know: failures, lost leases, changes of the quorum. That another instance took
 * a tick is daily business and says nothing. Errors are shown as far as they hold no secret, see shown-error.ts.
 */
@Injectable()
export class SchedulerLogObserver implements ScheduleObserver {
  private readonly logger = new Logger('DistributedSchedule');
  /** By outcome, and by task where the task is the cause. */
  private readonly muted = new Map<string, Muted>();
  /** Undefined until the first beat. */
  private quorum: boolean | undefined;
  private isFenced = false;
  private readonly nodes = new NodeLog(this.logger);

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  observe(event: ScheduleEvent): void {
    switch (event.type) {
      case 'tick':
        this.logTick(event.report);
        return;
      case 'lease_lost':
        this.logger.warn(
          `Task '${event.task}' lost its lease in tick ${at(event.tick)}: ${event.reason}. Its signal has aborted.`,
        );
        return;
      case 'quorum':
        this.quorum = event.reached;
        return;
      case 'fenced':
        this.logFenced();
        return;
      case 'identity':
      case 'node_set':
      case 'stamped':
        this.nodes.log(event);
        return;
      case 'control':
        this.logControl(event);
        return;
      case 'audit':
        this.logFinding(event.finding);
        return;
      case 'error':
        if (isToldByStoreWatch(event)) return;
        this.logger.error(`In ${event.where}: ${describeError(event.error)}`, detailsOf(event.error));
        return;
      case 'retry':
        this.logger.warn(
          `Task '${event.task}' failed in attempt ${event.attempt} at tick ${at(event.tick)}: ${describeError(event.error)}. ` +
            `Again in ${Math.round(event.delayMs)} ms.`,
        );
        return;
      case 'started':
      case 'renewed':
      case 'members':
        return;
      default:
        event satisfies never;
    }
  }

  private logTick(report: TickReport): void {
    const { task, tick, outcome, error } = report;
    switch (outcome) {
      case 'failed':
        this.logger.error(
          `Task '${task}' failed in tick ${at(tick)}: ${describeError(error)}`,
          detailsOf(error),
        );
        return;
      case 'aborted':
        this.logger.warn(`Task '${task}' was aborted in tick ${at(tick)}: ${describeError(error)}`);
        return;
      case 'timed_out':
        this.logger.warn(`Task '${task}' took too long in tick ${at(tick)}: ${describeError(error)}`);
        return;
      case 'misfire':
        this.warnNowAndThen(
          outcome,
          report,
          `could not start tick ${at(tick)} in time: ${report.detail ?? 'it came too late'}.`,
        );
        return;
      case 'overlap':
        this.warnNowAndThen(
          `${outcome} ${task}`,
          report,
          `skipped tick ${at(tick)}, as its last run goes on: ${report.detail ?? 'its lock is held'}.`,
        );
        return;
      case 'no_quorum':
        // Of a store that is down StoreWatch tells, and not each task once more.
        if (this.quorum === false) return;
        this.warnNowAndThen(
          outcome,
          report,
          `found no majority for tick ${at(tick)}: ${report.detail ?? 'too few nodes voted'}.${hintOf(report.detail)}`,
        );
        return;
      case 'success':
      case 'cancelled':
      case 'taken':
      case 'buffered':
      case 'stopped':
      case 'missed':
      case 'lost':
        return;
      default:
        outcome satisfies never;
    }
  }

  private logFinding({ task, tick, ticks, outcome, cause, detail, certain }: AuditFinding): void {
    const said = outcome === 'missed' ? 'was run by nobody' : 'may not have ended its run';
    const count = ticks === 1 ? `in tick ${at(tick)}` : `in ${ticks} ticks up to ${at(tick)}`;
    const doubt = certain || outcome === 'lost' ? '' : ', as far as this instance can see';
    this.warnNowAndThen(`${outcome} ${cause}`, { task }, `${said} ${count}${doubt}: ${detail}.`);
  }

  private logControl({
    task,
    condition,
    isActive,
    detail,
  }: Extract<ScheduleEvent, { type: 'control' }>): void {
    const words = {
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
    }[condition][isActive ? 0 : 1];
    const line = `Task '${task}' ${words}${isActive ? `: ${detail}` : ''}.`;
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

  /** One line a minute for whatever shares `key`: a pause or a store in trouble concerns hundreds of tasks at once. */
  private warnNowAndThen(key: string, { task }: Pick<TickReport, 'task'>, message: string): void {
    const nowMs = this.clock.monotonicMs();
    const muted = this.muted.get(key);
    if (muted !== undefined && nowMs < muted.sinceMs + QUIET_MS) {
      this.muted.set(key, { ...muted, suppressed: muted.suppressed + 1 });
      return;
    }
    this.muted.delete(key);
    this.muted.set(key, { sinceMs: nowMs, suppressed: 0 });
    this.forgetOldest();
    const more =
      muted === undefined || muted.suppressed === 0 ? '' : ` ${muted.suppressed} more since the last line.`;
    this.logger.warn(`Task '${task}' ${message}${more}`);
  }

  private forgetOldest(): void {
    for (const key of this.muted.keys()) {
      if (this.muted.size <= MOST_LINES_REMEMBERED) return;
      this.muted.delete(key);
    }
  }
}

/** A node that is up and gives no vote, whose problem is told with what it means for the majority. */
function isToldByStoreWatch({ where, error }: Extract<ScheduleEvent, { type: 'error' }>): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return /^node \d+$/.test(where) && typeof code === 'string' && code.startsWith('DSCHED_');
}

/** The first boot of a namespace looks like trouble otherwise. */
function hintOf(detail: string | undefined): string {
  return detail?.includes('quarantined') === true
    ? ' A master that is new, or was restarted, abstains for about 3 s, in case it has forgotten something.'
    : '';
}

function at(tick: number): string {
  return new Date(tick).toISOString();
}
