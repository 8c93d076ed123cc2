/** Handlers that do not return: what must have been told of them by when, and what becomes of those that are given up. */

import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { hasRun, type TickReport } from '#src/protocol/contract/outcome.js';
import type { Resident } from '../world/resident.js';
import type { WorldParts } from '../world/world-parts.js';
import { LIVE_AFTER_MS } from './live-after.js';
import { abortedBy, nameOf, type Run } from './run.js';

/** As the library says it: a minute or three ticks, or `timeoutMs` and a grace. */
const MIN_MS = 60_000;
const MIN_TICKS = 3;
const GRACE_MS = 10_000;
/** The instance looks with its beats, once a second. */
const TOLD_WITHIN_MS = 2_500;
/** Cluster time is slewed between two readings. */
const SLEW_MS = 60;
/** Timers that come a little late, and what a verdict takes. */
const TOLERANCE_MS = 100;
const LOOK_PERIOD_MS = 500;
const LEAD_MS = 300;
/** How a tick ends that has waited for it. */
const LEFT_BEHIND = 'the run that it waited for was given up';
/** After the lease of a run that was given up has ended: the next tick, with the bids of every rank. */
const NEXT_STARTS_WITHIN_MS = 3_500;

interface Followed {
  readonly run: Run;
  /** On the machine's monotonic clock. */
  readonly startedMs: number;
  isToldStuck: boolean;
  /** Its verdict. */
  report: TickReport | undefined;
  /** When it was seen to be given up, true time. */
  givenUpMs: number | undefined;
  isLateEndTold: boolean;
}

export class HungWitness {
  private readonly open = new Map<Run, Followed>();
  /** Those that have just returned. */
  private readonly late = new Set<Followed>();
  private readonly givenUp: Followed[] = [];

  constructor(private readonly world: () => WorldParts) {}

  started(run: Run): void {
    this.open.set(run, {
      ...{ run, startedMs: run.machine.monotonicMs(), isToldStuck: false },
      ...{ report: undefined, givenUpMs: undefined, isLateEndTold: false },
    });
    const again = this.givenUp.find(
      (one) =>
        one.run.task === run.task && one.run.tick === run.tick && this.isQuietSince(one.givenUpMs ?? 0),
    );
    // A newer set is on record: no node lets its instance write down that the tick is over.
    const isFenced = (again?.givenUpMs ?? 0) >= (again?.run.resident.retired.sinceMs ?? 0);
    if (again !== undefined && !isFenced && again.report?.outcome === 'given_up')
      this.fail('what was given up is not taken up again', run);
  }

  ended(run: Run): void {
    const followed = this.open.get(run);
    if (followed === undefined) return;
    this.open.delete(run);
    this.late.add(followed);
    this.parts.time.schedule(TOLERANCE_MS, () => {
      this.late.delete(followed);
      const mustBeTold = followed.report?.goesOn === true && !followed.isLateEndTold;
      if (mustBeTold && !run.machine.isDead && run.machine.hasRunFor(TOLERANCE_MS))
        this.fail('a late end is told', run);
    });
  }

  reported({ id }: Pick<Resident, 'id'>, report: TickReport): void {
    if (report.detail === LEFT_BEHIND) this.checkLeftBehind(id, report);
    if (!hasRun(report.outcome)) return;
    // One that hears its signal returns before its verdict is told.
    const followed = this.find([...this.open.values(), ...this.late], id, report);
    if (followed === undefined) return;
    if (followed.report !== undefined) this.fail('a run has one verdict', followed.run);
    followed.report = report;
  }

  lateEnd({ id }: Pick<Resident, 'id'>, event: Extract<ScheduleEvent, { type: 'late_end' }>): void {
    this.parts.history.count(`late end of what was ${event.outcome}`);
    const followed = this.find([...this.late], id, event);
    if (followed === undefined) this.parts.history.fail('only what has ended is told to have', id);
    else followed.isLateEndTold = true;
  }

  /** The finding of an instance, at the moment at which it is told. */
  tells({ id }: Pick<Resident, 'id'>, { task, tick, cause, run: told }: AuditFinding): void {
    const { history } = this.parts;
    history.count(`audit stuck ${cause}`);
    history.note(() => `${id} tells ${task} as stuck: ${cause}`);
    const followed = this.find([...this.open.values()], id, { task, tick, attempt: told?.attempt ?? 1 });
    if (followed === undefined) {
      history.fail('only what goes on is told as stuck', `${id} ${task}`);
      return;
    }
    if (this.lastedMs(followed.run) < this.boundMs(task) - SLEW_MS)
      this.fail('nothing is told as stuck before its time', followed.run);
    followed.isToldStuck = true;
  }

  watch(): void {
    for (const followed of this.open.values()) {
      if (followed.run.machine.isDead) this.open.delete(followed.run);
      else this.check(followed);
    }
    this.parts.time.schedule(LOOK_PERIOD_MS, () => this.watch());
  }

  /** A tick has waited for a run that was given up. */
  private checkLeftBehind(id: string, { task, tick }: TickReport): void {
    const { giveUpAfterMs = 0 } = this.parts.policiesOf(task);
    const those = [...this.open.values(), ...this.late].filter(
      ({ run }) => run.instanceId === id && run.task === task && run.machine.hasRunFor(TOLD_WITHIN_MS),
    );
    this.parts.history.count('left behind by what was given up');
    // The contest for it began a little before its time, as its instance took the time then: that may have been slewed since.
    const isLate = ({ run: { startedAtMs, machine } }: Followed): boolean => {
      const instance = this.parts.instances.find((one) => one.id === id);
      if (instance === undefined) return false;
      // A machine that was suspended counts less.
      const givenUpMs = startedAtMs + giveUpAfterMs + machine.uncountedSince(startedAtMs);
      const dueMs = this.parts.lags.reachedAfterMs(instance, tick - LEAD_MS);
      // One that stood still over both moments wakes to them in any order.
      return dueMs > givenUpMs && machine.hasRunFor(this.parts.time.nowMs - dueMs);
    };
    const [run] = those.map((one) => one.run);
    if (run !== undefined && those.every(isLate)) this.fail('nothing waits for what was given up', run);
  }

  private check(followed: Followed): void {
    const { run, isToldStuck } = followed;
    const { machine, resident, task } = run;
    if (!machine.hasRunFor(TOLD_WITHIN_MS + LOOK_PERIOD_MS)) return;
    if (!isToldStuck && !resident.isRetired() && this.lastedMs(run) > this.boundMs(task) + TOLD_WITHIN_MS) {
      const fencedMs = this.parts.time.nowMs - resident.retired.sinceMs;
      if (!(fencedMs > 0)) this.fail('a run that hangs is told as stuck', run);
    }
    const { giveUpAfterMs, retry, recovery } = this.parts.policiesOf(task);
    const isDecided = abortedBy(run) === 'timed_out' && retry === undefined && recovery !== 'retake';
    if (isDecided && followed.report === undefined)
      this.fail('what has timed out is told when that happens', run);
    if (giveUpAfterMs !== undefined) this.checkGivenUp(followed, giveUpAfterMs);
  }

  private checkGivenUp(followed: Followed, giveUpAfterMs: number): void {
    const { run, report } = followed;
    const { options, history, time } = this.parts;
    const overMs = run.machine.monotonicMs() - followed.startedMs - giveUpAfterMs;
    if (overMs < TOLERANCE_MS) return;
    if (followed.givenUpMs === undefined) {
      followed.givenUpMs = time.nowMs;
      this.givenUp.push(followed);
      history.count('given up');
      const withinMs = options.leaseTtlMs + NEXT_STARTS_WITHIN_MS;
      time.schedule(withinMs, () => this.checkNext(followed));
    }
    if (abortedBy(run) === undefined) this.fail('the signal of what is given up aborts', run);
    if (report === undefined) this.fail('what is given up is told', run);
    // A renewal may have been on its way.
    const isOver = overMs > options.leaseTtlMs + options.nodeTimeoutMs + TOLERANCE_MS;
    if (isOver && run.context.remainingMs() > 0) this.fail('what is given up is not renewed', run);
  }

  /** Once all is well a later tick of the task runs, whatever hangs. */
  private checkNext({ run, givenUpMs = 0 }: Followed): void {
    const { history, runs } = this.parts;
    if (!this.isQuietSince(givenUpMs)) return;
    const later = runs.all.find((one) => one.task === run.task && one.token > run.token);
    if (later === undefined) this.fail('a later tick runs when a run was given up', run);
    else history.count(later.instanceId === run.instanceId ? 'then ran beside it' : 'then ran elsewhere');
  }

  /** Whether the world has been healed for a while before that. */
  private isQuietSince(atMs: number): boolean {
    const { healedAtMs, durationMs } = this.parts.profile;
    return healedAtMs < durationMs && atMs > healedAtMs + LIVE_AFTER_MS;
  }

  private boundMs(task: string): number {
    const { timeoutMs } = this.parts.policiesOf(task);
    const { periodMs } = this.parts.profile;
    return timeoutMs === undefined ? Math.max(MIN_MS, MIN_TICKS * periodMs) : timeoutMs + GRACE_MS;
  }

  /** On the instance's cluster clock. */
  private lastedMs({ resident, startedMs }: Run): number {
    return resident.clusterClock.nowMs() - startedMs;
  }

  private find(
    those: readonly Followed[],
    id: string,
    { task, tick, attempt = 1 }: Pick<TickReport, 'task' | 'tick' | 'attempt'>,
  ): Followed | undefined {
    return those.find(
      ({ run }) => run.instanceId === id && run.task === task && run.tick === tick && run.attempt === attempt,
    );
  }

  private fail(rule: string, run: Run): void {
    this.parts.history.fail(rule, `${nameOf(run)} on ${run.instanceId}`);
  }

  private get parts(): WorldParts {
    return this.world();
  }
}
