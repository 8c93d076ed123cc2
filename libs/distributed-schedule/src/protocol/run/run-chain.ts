/**
 * What happens to the ticks of a task that run here: a state machine. One tick runs at a time, under one lease; ticks that come due
 * meanwhile may wait for its end. Each transition returns the ticks that ended by it, and why; run-tick.ts acts and tells.
 *
 *     running --ended--> choosing --begin--> running
 *        |                  |
 *        +--aborted, given up, nothing left, shutdown--> ending
 */

import type { DueTick } from '../contract/due-tick.js';
import type { Outcome } from '../contract/outcome.js';
import type { StopSignal } from '../contract/stop.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '../contract/task-policies.js';
import type { Schedule, ScheduledTask } from '../contract/tick-context.js';
import type { Lease } from '../lease/lease.js';
import { type Arrival, chooseWaiting, decideArrival, givingWay, isCancelledBy } from '../policies/overlap.js';
import {
  ANOTHER_WAITS,
  Cancellation,
  type ChainedTick,
  type ChainState,
  type Choice,
  NOT_DUE_ANY_MORE,
  PASSED_OVER,
  WaitingLine,
  whyLeftBehind,
} from './chain-state.js';
import { type EndedTick, type Ending, endAs } from './tick-end.js';

export class RunChain {
  readonly policies: TaskPolicies;
  private state: ChainState = { phase: 'running' };
  private readonly line = new WaitingLine();
  private readonly cancellation: Cancellation;
  private passedUpToMs = 0;
  /** The task as it stands now; undefined when it has been removed. */
  private present: ScheduledTask | undefined;

  constructor(
    readonly task: ScheduledTask,
    readonly lease: Lease,
    private current: ChainedTick,
  ) {
    this.policies = task.policies ?? DEFAULT_POLICIES;
    this.present = task;
    this.cancellation = new Cancellation(task.name);
  }

  get tick(): number {
    return this.current.due.tick;
  }

  /** The claim that won the current tick. Where runs may overlap its further attempts are made under it. */
  get claimId(): string {
    return this.current.claimId;
  }

  /** The schedule by which ticks are still made up for; undefined once the task was removed. */
  get schedule(): Schedule | undefined {
    return this.present?.schedule;
  }

  /** Ticks that were missed are made up for, all of them, in their order. */
  get isCatchingUp(): boolean {
    const { because } = this.current.due;
    return this.policies.misfire === 'all' && (because === 'missed' || because === 'retake');
  }

  /** The newest tick that ended as an overlap with this run; 0 for none. */
  get passedUpTo(): number {
    return this.passedUpToMs;
  }

  /** A later tick has come that the current one has to make room for. */
  get isCancelled(): boolean {
    return this.cancellation.isOf(this.tick);
  }

  /** Other ticks wait, or are to be made up for. */
  get isFollowed(): boolean {
    return this.line.all.length > 0 || this.isCatchingUp;
  }

  get startsMore(): boolean {
    return this.state.phase !== 'ending';
  }

  /** Aborts when the handler of the run that was given up has returned; undefined where none was. */
  get givenUp(): StopSignal | undefined {
    return 'returned' in this.state ? this.state.returned : undefined;
  }

  get waiting(): readonly DueTick[] {
    return this.line.all;
  }

  isWaiting(tick: number): boolean {
    return this.line.has(tick);
  }

  /** A tick of the task has come due. */
  comesDue(due: DueTick): { readonly handed: Arrival; readonly ended: readonly EndedTick[] } {
    const isLost = !this.lease.isTrusted() || this.lease.signal.aborted;
    const handed = this.startsMore && !isLost ? decideArrival(this, due) : 'contest';
    if (handed === 'waits') return { handed, ended: this.takeOn(due) };
    return { handed, ended: handed === 'refused' ? endAs(ANOTHER_WAITS, due) : [] };
  }

  /** From now on the tick waits here; with it may end what has waited for too long. */
  takeOn(due: DueTick): readonly EndedTick[] {
    this.line.join(due);
    const over = givingWay(this, due);
    return this.line.end((one) => over.includes(one), PASSED_OVER);
  }

  /** The time of a waiting tick has come: where the policy says so, the run makes room. */
  timeHasCome(tick: number): void {
    if (isCancelledBy(this, tick)) this.cancellation.cancel(this.tick, tick);
  }

  /** How to abort the attempt, or the pause before one, that is going on; undefined for none. */
  onCancel(abort: ((reason: Error) => void) | undefined): void {
    this.cancellation.onCancel(this.tick, abort);
  }

  /** A tick ended as an overlap with this run. */
  passed(tick: number): void {
    this.passedUpToMs = Math.max(this.passedUpToMs, tick);
  }

  /** The task was changed, or removed: what follows the run that goes on is up to that. */
  goOnWith(task: ScheduledTask | undefined): void {
    this.present = task;
  }

  /** The current tick has ended. What has to be made again comes before what is later, so after an abort nothing follows here. */
  ended(outcome: Outcome, endedMs: number): void {
    if (!this.startsMore) return;
    this.state = outcome === 'aborted' ? { phase: 'ending', why: 'aborted' } : { phase: 'choosing', endedMs };
  }

  /** Ends the waiting ticks that are not due any more. */
  dropUndue(): readonly EndedTick[] {
    return this.line.end(({ tick }) => this.schedule?.nextAfter(tick - 1) !== tick, NOT_DUE_ANY_MORE);
  }

  /** The waiting tick that is to be claimed now. */
  choose(nowMs: number): Choice {
    const { state } = this;
    if (state.phase !== 'choosing') return { start: undefined, ended: [] };
    const start = chooseWaiting(this, nowMs, state.endedMs);
    const ended = this.line.end(({ tick }) => tick < (start?.tick ?? Number.POSITIVE_INFINITY), PASSED_OVER);
    if (start === undefined) return { start, ended };
    this.line.leave(start.tick);
    this.state = { ...state, claiming: start };
    return { start, ended };
  }

  /** The chosen tick may not start. A tick that was missed, and never waited here, was never this instance's to tell of. */
  refused(due: DueTick, ending: Ending): readonly EndedTick[] {
    const { state } = this;
    const wasChosen = state.phase === 'choosing' && state.claiming === due;
    if (wasChosen) this.state = { phase: 'choosing', endedMs: state.endedMs };
    const waited = this.line.end(({ tick }) => tick === due.tick, ending);
    return wasChosen ? endAs(ending, due) : waited;
  }

  /** The next tick starts. Older ones that wait cannot be claimed any more. */
  begin(next: ChainedTick): readonly EndedTick[] {
    const { tick } = next.due;
    this.current = next;
    this.state = { phase: 'running' };
    this.lease.moveTo(tick);
    const ended = this.line.end((one) => one.tick < tick, PASSED_OVER);
    this.line.leave(tick);
    return ended;
  }

  nothingLeft(): void {
    if (this.startsMore) this.state = { phase: 'ending', why: 'nothing_left' };
  }

  /** Its handler takes for ever: nothing follows it here, and its lease is renewed no more. */
  giveUp(returned: StopSignal): void {
    this.state = { phase: 'ending', why: 'given_up', returned };
    this.lease.letGo();
  }

  /** Ends all that waits: nothing will start it any more. */
  leaveBehind(isStopping: boolean): readonly EndedTick[] {
    return this.line.end(() => true, whyLeftBehind(this.state, isStopping, this.lease.isTrusted()));
  }
}
