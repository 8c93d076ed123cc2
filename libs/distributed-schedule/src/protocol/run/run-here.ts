/**
 * What runs on this instance, and the ticks that a run takes on itself: those that wait for its end (`buffer_one`), make it
 * end (`cancel_other`), or stand in line behind it while it catches up. Whoever has the run lock need not bid for them.
 */

import type { DueTick } from '../contract/due-tick.js';
import { DistributedScheduleError } from '../contract/errors.js';
import type { Clock } from '../contract/ports.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '../contract/task-policies.js';
import type { Schedule, ScheduledTask } from '../contract/tick-context.js';
import type { Lease } from '../lease/lease.js';
import type { Adoption } from './adoption.js';

/** The ticks of a task that run here one after the other under one lease. */
export class RunHere {
  readonly policies: TaskPolicies;
  /** Ticks that have come due meanwhile and are this run's to start, oldest first. */
  private waiting: DueTick[] = [];
  private current: DueTick;
  private currentClaimId = '';
  private abortCurrent: ((reason: Error) => void) | undefined;
  /** The newest tick that was passed over because this run went on. */
  private passed = 0;
  /** The newest tick that has cancelled what runs here. */
  private cancelledBy = 0;
  private isEnding = false;
  /** Aborts when the handler of the run that was given up has returned. */
  private returned: AbortSignal | undefined;
  /** Its handler goes on after the shutdown: its lock runs out by itself, and is not released. */
  leavesLock = false;
  /** When the current tick's run was first found to have ended, cluster time. */
  private endedMs: number | undefined;
  /** The task as it stands now; undefined when it has been removed. */
  private present: ScheduledTask | undefined;

  constructor(
    readonly task: ScheduledTask,
    readonly lease: Lease,
    first: DueTick,
  ) {
    this.policies = task.policies ?? DEFAULT_POLICIES;
    this.current = first;
    this.present = task;
  }

  /** The task has been changed or removed at run time: what follows the run that goes on is up to that. */
  goOnWith(task: ScheduledTask | undefined): void {
    this.present = task;
  }

  /** The schedule by which ticks are still made up for. */
  get schedule(): Schedule | undefined {
    return this.present?.schedule;
  }

  /** Takes out the ticks that wait and are not due any more: their task was removed, paused or scheduled anew. */
  dropUndue(): readonly DueTick[] {
    const isDue = ({ tick }: DueTick): boolean => this.schedule?.nextAfter(tick - 1) === tick;
    const undue = this.waiting.filter((due) => !isDue(due));
    this.waiting = this.waiting.filter(isDue);
    return undue;
  }

  get tick(): number {
    return this.current.tick;
  }

  /** Whether ticks that were missed are being made up for, all of them, in their order. */
  get isCatchingUp(): boolean {
    const { because } = this.current;
    return this.policies.misfire === 'all' && (because === 'missed' || because === 'retake');
  }

  get passedUpTo(): number {
    return this.passed;
  }

  /** The claim that won the current tick. Where runs may overlap its further attempts are made under it. */
  get claimId(): string {
    return this.currentClaimId;
  }

  begin(due: DueTick, claimId: string): void {
    this.current = due;
    this.currentClaimId = claimId;
    this.endedMs = undefined;
    this.waiting = this.waiting.filter(({ tick }) => tick !== due.tick);
    this.lease.moveTo(due.tick);
  }

  /** How to abort the attempt that is going on; undefined between two of them. */
  setAbort(abort: ((reason: Error) => void) | undefined): void {
    this.abortCurrent = abort;
    // It may have come between two attempts, when nobody was there to be told.
    if (this.isCancelled) abort?.(this.cancellation());
  }

  /** Whether a later tick has come that the current one has to make room for. */
  get isCancelled(): boolean {
    return this.cancelledBy > this.current.tick;
  }

  /** What becomes of a tick that comes due now. */
  adoptionOf(due: DueTick): Adoption {
    const { overlap } = this.policies;
    if (overlap === 'allow' || this.isEnding || due.tick <= this.current.tick) return 'contested';
    if (!this.lease.isTrusted() || this.lease.signal.aborted) return 'contested';
    if (this.isCatchingUp || overlap === 'cancel_other') return 'adopted';
    if (overlap !== 'buffer_one') return 'contested';
    return this.waiting.length === 0 ? 'adopted' : 'refused';
  }

  /** Takes a tick on, to be started when this run has ended. Gives those back that have waited for too long. */
  wait(due: DueTick): readonly DueTick[] {
    this.waiting.push(due);
    // A run that does not hear that it is cancelled, or never ends, must not gather ticks for ever.
    const late = this.waiting.filter((one) => due.tick - one.tick > this.longestWaitMs(one));
    const tooMany = this.waiting.filter((one) => !late.includes(one)).slice(0, -MOST_WAITING);
    const dropped = new Set([...late, ...tooMany]);
    if (dropped.size > 0) this.waiting = this.waiting.filter((one) => !dropped.has(one));
    return [...dropped];
  }

  private longestWaitMs({ maxLatenessMs }: DueTick): number {
    if (this.isCatchingUp) return this.policies.misfireWithinMs;
    return this.policies.overlap === 'cancel_other' ? maxLatenessMs : Number.POSITIVE_INFINITY;
  }

  /** Whether other ticks stand in line, or are to be made up for. */
  get isFollowed(): boolean {
    return this.waiting.length > 0 || this.isCatchingUp;
  }

  /** Whether the tick stands in line to be started here. */
  isWaiting(tick: number): boolean {
    return this.waiting.some((due) => due.tick === tick);
  }

  /** `tick` has come: an older run has to make room. */
  cancelBefore(tick: number): void {
    // While all that was missed is made up for, what comes due stands in line.
    if (tick <= this.current.tick || this.isCatchingUp) return;
    this.cancelledBy = Math.max(this.cancelledBy, tick);
    this.abortCurrent?.(this.cancellation());
  }

  private cancellation(): Error {
    const { tick } = this.current;
    return new DistributedScheduleError(
      'DSCHED_CANCELLED',
      `tick ${tick} is cancelled by tick ${this.cancelledBy}`,
      { task: this.task.name, value: tick },
    );
  }

  /** Remembers that a tick ended as an overlap with this run. */
  pass(tick: number): void {
    this.passed = Math.max(this.passed, tick);
  }

  /** From here on nothing is started: whatever comes due now is contested, and not left waiting for nobody. */
  end(): void {
    this.isEnding = true;
  }

  get hasEnded(): boolean {
    return this.isEnding;
  }

  /** Its handler takes for ever: nothing follows it here, and its lease is renewed no more. */
  giveUp(returned: AbortSignal): void {
    this.returned = returned;
    this.end();
    this.lease.letGo();
  }

  get isGivenUp(): boolean {
    return this.returned !== undefined;
  }

  /** Resolves when its lease has run out, or before that when its handler has returned, or this instance stops. */
  async untilLeaseIsOver(clock: Pick<Clock, 'sleepUntil'>, stopped: AbortSignal): Promise<void> {
    const { lease, returned } = this;
    const woken = new AbortController();
    const wake = (): void => woken.abort('woken');
    for (const signal of [returned, stopped]) signal?.addEventListener('abort', wake, { once: true });
    const goesOn = (): boolean => returned?.aborted === false && lease.isTrusted();
    // A renewal that was on its way may have moved the end.
    while (goesOn() && !stopped.aborted) await clock.sleepUntil(lease.trustedUntilMs, woken.signal);
    for (const signal of [returned, stopped]) signal?.removeEventListener('abort', wake);
    this.leavesLock = goesOn();
    lease.lose('its run was given up');
  }

  /** Whether the tick was waiting; it does not any more. */
  drop({ tick }: DueTick): boolean {
    const wasWaiting = this.isWaiting(tick);
    this.waiting = this.waiting.filter((due) => due.tick !== tick);
    return wasWaiting;
  }

  /** The waiting ticks that cannot be claimed any more once `tick` is, as after a loss of memory that they lie behind. */
  dropBefore({ tick }: DueTick): readonly DueTick[] {
    const dropped = this.waiting.filter((due) => due.tick < tick);
    this.waiting = this.waiting.filter((due) => due.tick >= tick);
    return dropped;
  }

  /** Ticks that wait although nothing will start them any more. */
  leftOver(): readonly DueTick[] {
    return this.waiting.splice(0);
  }

  /** The waiting tick that starts now that the run has ended, and those that do not start any more. */
  next(nowMs: number): { readonly start: DueTick | undefined; readonly dropped: readonly DueTick[] } {
    this.endedMs ??= nowMs;
    const start = this.choose(nowMs, this.endedMs);
    const dropped = this.waiting.filter((due) => due.tick < (start?.tick ?? Number.POSITIVE_INFINITY));
    this.waiting = start === undefined ? [] : this.waiting.filter((due) => due.tick > start.tick);
    return { start, dropped };
  }

  private choose(nowMs: number, endedMs: number): DueTick | undefined {
    const inTime = this.waiting.filter(({ tick, maxLatenessMs }) => nowMs - tick <= maxLatenessMs);
    if (this.isCatchingUp) return this.nextInLine(nowMs, inTime);
    if (this.policies.overlap === 'cancel_other') return inTime.at(-1);
    const [first] = this.waiting;
    // What has come due since the run has ended has not waited for it.
    const hasWaited = first !== undefined && first.tick <= endedMs;
    if (this.policies.overlap !== 'buffer_one' || !hasWaited) return inTime[0];
    // Its time is when the run ends, however late that is.
    return { ...first, because: 'buffered', maxLatenessMs: BUFFERED_FOR_EVER_MS };
  }

  /** What has come due while others were made up for is made up for in its turn, also where the ledger does not answer. */
  private nextInLine(nowMs: number, inTime: readonly DueTick[]): DueTick | undefined {
    const { misfireWithinMs } = this.policies;
    const first = this.waiting.find(({ tick }) => nowMs - tick <= misfireWithinMs);
    if (first === undefined || inTime.includes(first)) return first;
    return { ...first, because: 'missed', maxLatenessMs: misfireWithinMs };
  }
}

/** Ticks in line behind one run, at most; the oldest give way. */
const MOST_WAITING = 1_000;

/** As late as a number of a script can say, about 31 years. */
const BUFFERED_FOR_EVER_MS = 1e12;
