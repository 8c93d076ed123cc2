/**
 * The time in which one instance has a task's run lock, from the grant to the release: which ticks it runs one after the
 * other, and what it must have said in the ledger before it lets go.
 */

import type { TickReport } from '#src/protocol/contract/outcome.js';
import type { Claim, HeldLock } from '#src/protocol/contract/ports.js';
import { EPOCH_MS } from '../world/machine.js';
import type { SimulatedPolicies } from '../world/policies.js';
import type { Resident } from '../world/resident.js';
import type { History } from './history.js';
import { abortedBy, hasFailed, nameOf, type Run } from './run.js';

interface Tenure {
  readonly value: string;
  readonly runs: Run[];
  /** Instants that were asked for, with true time. */
  readonly asked: { readonly instant: number; readonly atMs: number }[];
  /** The newest tick that ended here because these runs went on. */
  passed: number;
}

/** The instant of a tick that says that it has ended, after the tick; written down once more. */
const CLOSING_MS = 31;
/** How a tick ends whose run has let it down. */
const LEFT_BEHIND: ReadonlySet<string | undefined> = new Set([
  'the run that it waited for lost its lease',
  'the run that it waited for is to be made again',
]);
const LATELY_MS = 300;
/** A machine that stood still may have missed that a tick came due. */
const ON_TIME_MS = 60;

export class TenureWitness {
  private readonly tenures = new Map<string, Tenure>();
  /** When a lock was last let go under trust. */
  private readonly releasedMs = new Map<string, number>();

  constructor(
    private readonly history: History,
    private readonly periodMs: number,
    private readonly policiesOf: (task: string) => SimulatedPolicies,
  ) {}

  /** Whether a claim says that a tick has ended for good. */
  isClosing({ tick }: Pick<Claim, 'tick'>): boolean {
    return (tick - EPOCH_MS) % this.periodMs === CLOSING_MS;
  }

  acquired({ id }: Resident, { task, value }: HeldLock): void {
    // What comes now waits for this one.
    this.releasedMs.delete(`${id} ${task}`);
    this.tenures.set(`${id} ${task}`, { value, runs: [], asked: [], passed: 0 });
  }

  /** Whether a lock is held there by somebody who has run something with it. */
  isHolding({ id }: Resident): boolean {
    return [...this.tenures].some(([key, { runs }]) => key.startsWith(`${id} `) && runs.length > 0);
  }

  /** Whether somebody has begun to run the task under one lease so long ago, and still has its lock. */
  isHeldFor(task: string, durationMs: number): boolean {
    const sinceMs = this.history.nowMs() - durationMs;
    return [...this.tenures].some(
      ([key, { runs }]) =>
        key.endsWith(` ${task}`) && (runs[0]?.startedAtMs ?? Number.POSITIVE_INFINITY) < sinceMs,
    );
  }

  /** The tasks whose locks it has. */
  tasksOf({ id }: Resident): readonly string[] {
    const prefix = `${id} `;
    return [...this.tenures.keys()].flatMap((key) =>
      key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
    );
  }

  /** Gives the run before it under the same lease. */
  started(run: Run): Run | undefined {
    const tenure = this.tenures.get(`${run.instanceId} ${run.task}`);
    const previous = tenure?.runs.at(-1);
    tenure?.runs.push(run);
    return previous;
  }

  asked(resident: Resident, { task, tick: instant }: Claim): void {
    const tenure = this.tenures.get(`${resident.id} ${task}`);
    tenure?.asked.push({ instant, atMs: this.history.nowMs() });
    if (!this.isClosing({ tick: instant })) return;
    this.history.count('closing');
    const run = tenure?.runs.at(-1);
    const where = `${task}@${instant - EPOCH_MS} by ${resident.id}`;
    if (run === undefined) return;
    if (run.context.remainingMs() <= 0) this.history.fail('a tick is closed under trust only', where);
    const isUnfinished = (run.end === undefined && !this.isGivenUp(run)) || abortedBy(run) === 'aborted';
    if (isUnfinished && this.policiesOf(task).recovery === 'retake') {
      this.history.fail('only what has ended is closed', where);
    }
  }

  ended({ id }: Resident, { task, tick, outcome, detail }: TickReport): void {
    const releasedMs = this.releasedMs.get(`${id} ${task}`) ?? Number.NEGATIVE_INFINITY;
    if (LEFT_BEHIND.has(detail) && this.history.nowMs() - releasedMs < LATELY_MS) {
      this.history.fail('no tick waits for a run that starts nothing', `${id} ${task}@${tick - EPOCH_MS}`);
    }
    const tenure = this.tenures.get(`${id} ${task}`);
    const run = tenure?.runs.at(-1);
    if (tenure === undefined || run === undefined || run.end !== undefined) return;
    if (outcome === 'overlap' && tick > run.tick) tenure.passed = Math.max(tenure.passed, tick);
  }

  /** The holder lets go. What it has not said by now nobody will say. */
  released(resident: Resident, { task, value }: HeldLock): void {
    const key = `${resident.id} ${task}`;
    const tenure = this.tenures.get(key);
    if (tenure?.value !== value) return;
    this.tenures.delete(key);
    const run = tenure.runs.at(-1);
    if (run === undefined) return;
    if (run.end === undefined) {
      if (this.isGivenUp(run) && run.context.remainingMs() <= 0) return;
      this.history.fail('a lock is kept until the run has ended', nameOf(run));
      return;
    }
    if (run.context.remainingMs() <= 0 || run.machine.wasTouchedLately || abortedBy(run) === 'aborted')
      return;
    this.releasedMs.set(key, this.history.nowMs());
    this.checkClosed(run, tenure);
    this.checkRepeated(run, tenure);
    this.checkBuffered(run, tenure);
  }

  /** Whether its time is over after which nobody waits for its handler. */
  private isGivenUp({ task, startedAtMs }: Run): boolean {
    const { giveUpAfterMs } = this.policiesOf(task);
    return giveUpAfterMs !== undefined && this.history.nowMs() - startedAtMs > giveUpAfterMs * 0.999 - 1;
  }

  private checkClosed(run: Run, { asked, passed }: Tenure): void {
    const { misfire, recovery } = this.policiesOf(run.task);
    const endsTick = recovery === 'retake';
    const hasPassed = passed > run.tick && (misfire !== 'skip' || endsTick);
    if (!endsTick && !hasPassed) return;
    const instant = Math.max(endsTick ? run.tick : 0, hasPassed ? passed : 0) + CLOSING_MS;
    if (asked.some((one) => one.instant >= instant && one.atMs >= (run.end?.endedAtMs ?? 0))) return;
    this.history.fail(
      'a tick is closed before its lock is released',
      `${nameOf(run)}: ${instant - EPOCH_MS}`,
    );
  }

  /** What has failed, with attempts and time left, and nothing that has cancelled it. */
  private checkRepeated(run: Run, { runs, asked }: Tenure): void {
    const { retry, overlap } = this.policiesOf(run.task);
    const { end, machine, resident } = run;
    if (retry === undefined || end === undefined || overlap === 'cancel_other' || !hasFailed(run)) return;
    const attempts = runs.filter(({ tick }) => tick === run.tick).length;
    const latestMs = end.endedMs - run.tick + 1.1 * retry.capMs + ON_TIME_MS;
    const isOnTime = machine.hasRunFor(this.history.nowMs() - end.endedAtMs + ON_TIME_MS);
    if (attempts >= retry.attempts || latestMs > retry.deadlineMs || resident.isRetired() || !isOnTime)
      return;
    if (asked.some(({ instant, atMs }) => instant === run.token + 1 && atMs >= end.endedAtMs)) return;
    this.history.fail('what has failed is repeated', nameOf(run));
  }

  /** The first tick that has come due during the last run, from its first attempt on. */
  private checkBuffered(run: Run, { runs, asked }: Tenure): void {
    const { overlap } = this.policiesOf(run.task);
    const { machine, resident, end } = run;
    if (overlap !== 'buffer_one' || end === undefined) return;
    const first = runs.find((one) => one.tick === run.tick) ?? run;
    const tick = Math.ceil((first.startedMs + ON_TIME_MS) / this.periodMs) * this.periodMs;
    const isDue = tick > run.tick && tick < end.endedMs - ON_TIME_MS;
    const wasThere = machine.hasRunFor(end.endedMs - first.startedMs + 2 * ON_TIME_MS);
    const goesOn = resident.retired.sinceMs === Number.POSITIVE_INFINITY && !resident.isRetired();
    if (!isDue || !wasThere || !goesOn) return;
    // A retake may have found an older one in line.
    const isAsked = asked.some(
      ({ instant, atMs }) => instant > run.tick + CLOSING_MS && instant <= tick && atMs >= end.endedAtMs,
    );
    if (isAsked) return;
    this.history.fail('a buffered tick is bid for when the run has ended', `${run.task}@${tick - EPOCH_MS}`);
  }
}
