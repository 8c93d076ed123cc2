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
/** A handler that returns within this after its signal has heard it. */
const OBEYS_WITHIN_MS = 1_000;
/** This long after the last one, abstentions are those of another restart. */
const FORGET_MS = 60_000;

const ABSTENTION_HINT =
  ' A master that is new, or was restarted, abstains for about 3 s, in case it has forgotten something.';

type RunEvent = Extract<
  ScheduleEvent,
  { type: 'started' | 'lease_lost' | 'retry' | 'timed_out' | 'given_up' | 'late_end' }
>;

/** What the log says of ticks that have ended here: failures, and what kept a tick from its run. */
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
    const { task, tick } = event;
    const [run, when] = [`Task '${task}'`, `tick ${at(tick)}`];
    switch (event.type) {
      case 'started':
        this.inTheWay.started(event);
        return;
      case 'lease_lost':
        this.logger.warn(`${run} lost its lease in ${when}: ${event.reason}. Its signal has aborted.`);
        return;
      case 'retry': {
        const again = `Again in ${Math.round(event.delayMs)} ms`;
        this.logger.warn(
          `${run} failed in attempt ${event.attempt} at ${when}: ${describeError(event.error)}. ${again}.`,
        );
        return;
      }
      case 'timed_out':
        // Of the last attempt the end of its tick says the same.
        if (!event.mayBeRepeated) return;
        this.logger.warn(
          `${run} took too long in attempt ${event.attempt} at ${when}: timeoutMs = ${event.timeoutMs}. Its signal has aborted.`,
        );
        return;
      case 'given_up':
        // Not with the verdict: one that had timed out before has had its own.
        this.inTheWay.returned(event);
        this.logger.error(
          `${run} was given up in ${when}: DSCHED_GIVEN_UP: it runs for longer than giveUpAfterMs = ${event.giveUpAfterMs}. ` +
            'Its lease is let go, and later ticks run beside it.',
        );
        return;
      case 'late_end':
        this.lateEnd(event);
        return;
      default:
        event satisfies never;
    }
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
    const said = (what: string): string =>
      `Task '${task}' ${what} in tick ${at(tick)}: ${describeError(error)}`;
    this.inTheWay.ended(report);
    switch (outcome) {
      case 'failed':
        this.logger.error(said('failed'), detailsOf(error));
        return;
      case 'aborted':
        this.logger.warn(said('was aborted'));
        return;
      case 'timed_out':
        this.logger.warn(said('took too long'));
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
    const hint = isAbstention(detail) ? ABSTENTION_HINT : '';
    this.lines.warn({
      ...{ kind: outcome, many: 'Without a majority', task },
      message: `found no majority for tick ${at(tick)}: ${detail ?? 'too few nodes voted'}.${hint}`,
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
