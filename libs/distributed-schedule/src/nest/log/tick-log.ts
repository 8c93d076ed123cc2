import type { Logger } from '@nestjs/common';
import { RunsInTheWay } from '../../messages/runs-in-the-way.js';
import { describeError, detailsOf } from '../../messages/shown-error.js';
import type { ScheduleEvent } from '../../protocol/contract/observer.js';
import type { TickReport } from '../../protocol/contract/outcome.js';
import type { Clock } from '../../protocol/contract/ports.js';
import { spoken } from '../../protocol/contract/spoken.js';
import { at } from '../../tasks/instant-words.js';
import type { OutageTicks } from './outage-ticks.js';
import type { QuietLines } from './quiet-lines.js';

/** Longer than a new cluster takes to its first tick; what lasts longer is no first start any more. */
const MILD_FOR_MS = 10_000;
/** A handler that returns so soon after its signal has heard it. */
const OBEYS_WITHIN_MS = 1_000;
/** So long after the last one, abstentions are those of another restart. */
const FORGET_MS = 60_000;

/** What the log says of ticks that have ended here: failures, and what kept a tick from its run. */
type RunEvent = Extract<
  ScheduleEvent,
  { type: 'started' | 'lease_lost' | 'retry' | 'timed_out' | 'given_up' | 'late_end' }
>;

export class TickLog {
  private abstention: { readonly firstMs: number; readonly lastMs: number } | undefined;

  private readonly inTheWay: RunsInTheWay;

  constructor(
    private readonly logger: Pick<Logger, 'log' | 'warn' | 'error'>,
    private readonly lines: QuietLines,
    private readonly outages: OutageTicks,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    this.inTheWay = new RunsInTheWay(clock);
  }

  /** What happens to a run before its tick has its outcome, and after that. */
  logRun(event: RunEvent): void {
    switch (event.type) {
      case 'started':
        this.inTheWay.started(event);
        return;
      case 'lease_lost':
        this.lostLease(event);
        return;
      case 'retry':
        this.retries(event);
        return;
      case 'timed_out':
        this.timedOut(event);
        return;
      case 'given_up':
        this.givenUp(event);
        return;
      case 'late_end':
        this.lateEnd(event);
        return;
      default:
        event satisfies never;
    }
  }

  /** An attempt that is repeated when its handler has returned; of the last one the end of its tick says the same. */
  private timedOut({
    task,
    tick,
    attempt,
    timeoutMs,
    mayBeRepeated,
  }: Extract<ScheduleEvent, { type: 'timed_out' }>): void {
    if (!mayBeRepeated) return;
    this.logger.warn(
      `Task '${task}' took too long in attempt ${attempt} at tick ${at(tick)}: timeoutMs = ${timeoutMs}. Its signal has aborted.`,
    );
  }

  /** Not with the verdict: one that had timed out before has had its own. */
  private givenUp(event: Extract<ScheduleEvent, { type: 'given_up' }>): void {
    const { task, tick, giveUpAfterMs } = event;
    this.inTheWay.returned(event);
    this.logger.error(
      `Task '${task}' was given up in tick ${at(tick)}: DSCHED_GIVEN_UP: it runs for longer than giveUpAfterMs = ${giveUpAfterMs}. ` +
        'Its lease is let go, and later ticks run beside it.',
    );
  }

  private lostLease({ task, tick, reason }: Extract<ScheduleEvent, { type: 'lease_lost' }>): void {
    this.logger.warn(`Task '${task}' lost its lease in tick ${at(tick)}: ${reason}. Its signal has aborted.`);
  }

  private retries({ task, tick, attempt, error, delayMs }: Extract<ScheduleEvent, { type: 'retry' }>): void {
    const [why, pauseMs] = [describeError(error), Math.round(delayMs)];
    this.logger.warn(
      `Task '${task}' failed in attempt ${attempt} at tick ${at(tick)}: ${why}. Again in ${pauseMs} ms.`,
    );
  }

  /** Most handlers hear their signal, and return when they are told to. */
  private lateEnd(event: Extract<ScheduleEvent, { type: 'late_end' }>): void {
    const { task, tick, outcome, hasThrown, error, durationMs, sinceToldMs } = event;
    this.inTheWay.returned(event);
    if (outcome !== 'given_up' && sinceToldMs < OBEYS_WITHIN_MS) return;
    const how = hasThrown ? `failed: ${describeError(error)}` : 'returned';
    this.logger.warn(
      `The run of task '${task}' in tick ${at(tick)}, which was told as ${outcome}, has ended after ${spoken(durationMs)}: it ${how}. ` +
        'That changes nothing.',
    );
  }

  log(report: TickReport): void {
    const { task, tick, outcome, error, detail } = report;
    this.inTheWay.ended(report);
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
        this.lines.warn({
          ...{ kind: outcome, many: 'Not started in time', task },
          message: `could not start tick ${at(tick)} in time: ${detail ?? 'it came too late'}.`,
        });
        return;
      case 'overlap':
        this.lines.warn({
          ...{ kind: `${outcome} ${task}`, many: 'Skipped', task },
          message: `skipped tick ${at(tick)}, ${this.inTheWay.words(report)}.`,
        });
        return;
      case 'no_quorum':
        this.logNoQuorum(report);
        return;
      case 'success':
      case 'cancelled':
      case 'taken':
      case 'buffered':
      case 'stopped':
      // Said before: its event comes in every case.
      case 'given_up':
      // StoreWatch tells of it, and the audit of the ticks.
      case 'clock_set_back':
      case 'missed':
      case 'lost':
        return;
      default:
        outcome satisfies never;
    }
  }

  private logNoQuorum({ task, tick, outcome, detail }: TickReport): void {
    const isFirst = this.isFirstAbstention(detail);
    // Of a store that is down StoreWatch tells, and not each task once more.
    if (this.outages.tookReport({ task, tick }) || isFirst) return;
    this.lines.warn({
      ...{ kind: outcome, many: 'Without a majority', task },
      message: `found no majority for tick ${at(tick)}: ${detail ?? 'too few nodes voted'}.${hintOf(detail)}`,
    });
  }

  /** The first boot of a namespace looks like trouble otherwise: said once for all tasks, as what happens and for how long. */
  private isFirstAbstention(detail: string | undefined): boolean {
    if (!isAbstention(detail)) return false;
    const nowMs = this.clock.monotonicMs();
    const { abstention } = this;
    const goesOn = abstention !== undefined && nowMs - abstention.lastMs < FORGET_MS;
    const firstMs = goesOn ? abstention.firstMs : nowMs;
    this.abstention = { firstMs, lastMs: nowMs };
    if (!goesOn) {
      this.logger.log(
        'The nodes are new to this namespace, or were restarted. They grant nothing for about 3 s, in case they have ' +
          'forgotten something; then the first tick runs.',
      );
    }
    return nowMs - firstMs < MILD_FOR_MS;
  }
}

/** The words of votes and of the electorate that mean: a memory is new. */
function isAbstention(detail: string | undefined): boolean {
  return (
    detail !== undefined && /quarantined|superseded|new nodes listen|the set is put on record/.test(detail)
  );
}

function hintOf(detail: string | undefined): string {
  return isAbstention(detail)
    ? ' A master that is new, or was restarted, abstains for about 3 s, in case it has forgotten something.'
    : '';
}
