/** Timeouts: when each is due for the whole cluster, and when it is over. */

import type { Board } from '../board/board.js';
import { TIMEOUT, TIMEOUT_TTL_MS } from '../board/board-keys.js';
import { DistributedScheduleError } from '../contract/errors.js';
import type { TickListener } from '../contract/observer.js';
import { hasRun, type TickReport } from '../contract/outcome.js';
import type { Clock } from '../contract/ports.js';
import { INSTANTS_PER_TICK, type TaskPolicies } from '../contract/task-policies.js';
import type { Schedule } from '../contract/tick-context.js';
import { requireName } from '../options/option-spec.js';
import { harmlessValue, shownValue } from '../options/shown-value.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import { RETRY_PERIOD_MS, TimeoutSchedule } from './timeout.schedule.js';
import type { TimeoutLedger } from './timeout-ledger.js';

const MAX_DELAY_MS = 366 * 86_400_000;
/** The scheduler is ready for its first tick this soon after the nodes have answered. */
const SOON_MS = 500;

export interface TimeoutAgreementParts {
  readonly app: string;
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs' | 'synchronised'>;
  readonly board: Pick<Board, 'get' | 'post' | 'watch' | 'whenCurrent'>;
  readonly ledger: TimeoutLedger;
  /** A hash of texts, see system/idempotency-key.ts. */
  readonly digest: (task: string, deploymentKey: string) => string;
  /** `deploymentKey` of forRoot. */
  readonly deploymentKey: string | undefined;
}

/** A timeout as it was written, with nothing checked. */
export interface TimeoutDefinition {
  readonly kind: 'timeout';
  readonly delayMs: unknown;
  readonly name?: string;
  readonly deploymentKey?: unknown;
}

/** A timeout that wants a schedule. */
export interface TimeoutRequest {
  readonly task: string;
  readonly definition: TimeoutDefinition;
  readonly policies: TaskPolicies;
}

interface OpenTimeout {
  readonly schedule: TimeoutSchedule;
  readonly boardKey: string;
  readonly delayMs: number;
  readonly policies: TaskPolicies;
}

export class TimeoutAgreement implements TickListener {
  private readonly open = new Map<string, OpenTimeout>();
  private readonly bootMs: number;
  private stopWatching = (): void => undefined;
  private armAgain = (_task: string): void => undefined;

  constructor(private readonly parts: TimeoutAgreementParts) {
    this.bootMs = parts.clock.monotonicMs();
  }

  /** Counts from our boot until another's word is heard. @throws DSCHED_BAD_SCHEDULE, DSCHED_NO_DEPLOYMENT_KEY, DSCHED_BAD_OPTION */
  scheduleOf({ task, definition, policies }: TimeoutRequest): Schedule {
    const { delayMs } = definition;
    requireDelay(task, delayMs);
    const key = this.requireKey(task, definition.deploymentKey ?? this.parts.deploymentKey);
    const schedule = new TimeoutSchedule(
      this.bootedAtMs() + delayMs,
      `once, ${delayMs} ms after the boot of ${key}`,
    );
    const boardKey = `${TIMEOUT}${this.parts.digest(task, key)}`;
    this.open.set(task, { schedule, boardKey, delayMs, policies });
    // No app and no key has braces. Another app's run of a timeout of this name and key is not this one.
    this.parts.ledger.limit(task, `${key}{${this.parts.app}`);
    return schedule;
  }

  /** Agrees with the other instances on the instants. `armAgain` is told the tasks whose instant has changed. */
  start(armAgain: (task: string) => void): void {
    if (this.open.size === 0) return;
    const { board } = this.parts;
    this.armAgain = armAgain;
    const agree = (): void => {
      for (const [task, timeout] of this.open) if (this.agree(timeout)) armAgain(task);
    };
    void board.whenCurrent.then(() => {
      // Until now the instants counted by this machine's own clock. Those that have passed while the app booted are due now.
      const soonMs = this.parts.clusterClock.nowMs() + SOON_MS;
      for (const { schedule, delayMs } of this.open.values()) {
        schedule.moveTo(Math.max(this.bootedAtMs() + delayMs, soonMs));
      }
      this.stopWatching = board.watch(agree);
      for (const task of this.open.keys()) armAgain(task);
      agree();
    });
  }

  stop(): void {
    this.stopWatching();
  }

  /** Ends the timeouts that have run, here or elsewhere. */
  tickEnded(report: TickReport): void {
    const timeout = this.open.get(report.task);
    if (timeout === undefined) return;
    const runOf = this.parts.ledger.runOf(report.task);
    if (endIfOver(timeout, report, runOf)) this.armAgain(report.task);
  }

  /** The earliest word counts. True when it is not the one that this instance went by. */
  private agree({ schedule, boardKey, delayMs }: OpenTimeout): boolean {
    const { board } = this.parts;
    const known = Number(board.get(boardKey) ?? Number.NaN);
    if (known === schedule.firstDueMs) return false;
    if (known < schedule.firstDueMs) {
      schedule.moveTo(known);
      return true;
    }
    // No word stands, or the last writer did not know an earlier one: post ours.
    board.post(boardKey, String(schedule.firstDueMs), delayMs + TIMEOUT_TTL_MS);
    return false;
  }

  private bootedAtMs(): number {
    const { clock, clusterClock } = this.parts;
    return clusterClock.nowMs() - (clock.monotonicMs() - this.bootMs);
  }

  private requireKey(task: string, key: unknown): string {
    if (key === undefined) {
      throw new DistributedScheduleError(
        'DSCHED_NO_DEPLOYMENT_KEY',
        'a timeout runs once per deployment, so instances must know which one they belong to. Pass deploymentKey to forRoot, ' +
          'or to @TimeoutExclusive (@Exclusive above a @Timeout has no such option): a commit or build number has it run once per release, a constant once for ever.',
        { task },
      );
    }
    try {
      requireName('deploymentKey', key);
      return key;
    } catch (cause) {
      throw new DistributedScheduleError(
        'DSCHED_BAD_OPTION',
        'option deploymentKey takes 1 to 200 characters without braces and control characters',
        { task, value: harmlessValue(key), cause },
      );
    }
  }
}

/** It has run. `taken` is no proof, as its claim may be given back: the next try, ten seconds later, tells. */
function endIfOver(
  { schedule, policies }: OpenTimeout,
  { tick, outcome }: TickReport,
  /** The instant that stands in the ledger for its run. */
  runOf: number | undefined,
): boolean {
  if (hasRun(outcome)) {
    schedule.endAfter(tick);
    return true;
  }
  if (outcome !== 'taken' || runOf === undefined || runOf > tick - RETRY_PERIOD_MS + INSTANTS_PER_TICK)
    return false;
  // A run elsewhere may have died, and is to be taken up again.
  schedule.endAfter(policies.recovery === 'retake' ? runOf + policies.recoveryWithinMs : tick);
  return true;
}

function requireDelay(task: string, delayMs: unknown): asserts delayMs is number {
  if (Number.isInteger(delayMs) && (delayMs as number) >= 0 && (delayMs as number) <= MAX_DELAY_MS) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_SCHEDULE',
    `a timeout of ${shownValue(delayMs)} cannot be used; it takes a whole number of milliseconds from 0 to ${MAX_DELAY_MS}`,
    { task, value: harmlessValue(delayMs) },
  );
}
