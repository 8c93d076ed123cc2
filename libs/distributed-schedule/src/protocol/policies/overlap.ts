/** Whether a tick waits for a run of its task, and which starts after it. Pure; overlap.test.ts has the whole table. */

import type { DueTick } from '../contract/due-tick.js';
import type { TaskPolicies } from '../contract/task-policies.js';

/** A run on this instance, and the ticks that wait for its end, oldest first. */
export interface RunWithLine {
  readonly policies: Pick<TaskPolicies, 'overlap' | 'misfireWithinMs'>;
  /** The tick that runs, or has run last. */
  readonly tick: number;
  /** Ticks that were missed are made up for, all of them, in their order. */
  readonly isCatchingUp: boolean;
  readonly waiting: readonly DueTick[];
}

/**
 * - `contest`  the run has no say: the tick is bid for as ever
 * - `waits`    for the end of the run
 * - `refused`  another tick waits already, and only one may
 */
export type Arrival = 'contest' | 'waits' | 'refused';

/** As late as a number of a script can say, about 31 years. */
const BUFFERED_FOR_EVER_MS = 1e12;

/** Ticks that wait for one run, at most; the oldest give way. */
const MAX_WAITING = 1_000;

/** What the run does with a tick that comes due. To be asked only while something may still start after it. */
export function decideArrival(run: RunWithLine, { tick }: Pick<DueTick, 'tick'>): Arrival {
  const { overlap } = run.policies;
  if (overlap === 'allow' || tick <= run.tick) return 'contest';
  if (run.isCatchingUp || overlap === 'cancel_other') return 'waits';
  if (overlap !== 'buffer_one') return 'contest';
  return run.waiting.length === 0 ? 'waits' : 'refused';
}

/** Whether a waiting tick whose time has come ends the run. While missed ticks are made up for, it waits for its turn. */
export function isCancelledBy(run: Omit<RunWithLine, 'waiting'>, tick: number): boolean {
  return run.policies.overlap === 'cancel_other' && tick > run.tick && !run.isCatchingUp;
}

/** The waiting ticks that give way when `newest` has come: a handler that ignores its signal must not gather ticks for ever. */
export function givingWay(run: RunWithLine, newest: DueTick): readonly DueTick[] {
  const late = run.waiting.filter((one) => newest.tick - one.tick > maxWaitMs(run, one));
  const tooMany = run.waiting.filter((one) => !late.includes(one)).slice(0, -MAX_WAITING);
  return [...late, ...tooMany];
}

function maxWaitMs({ policies, isCatchingUp }: RunWithLine, { maxLatenessMs }: DueTick): number {
  if (isCatchingUp) return policies.misfireWithinMs;
  return policies.overlap === 'cancel_other' ? maxLatenessMs : Number.POSITIVE_INFINITY;
}

/** The waiting tick that starts now that the run has ended, at `endedMs`; undefined where none does. */
export function chooseWaiting(run: RunWithLine, nowMs: number, endedMs: number): DueTick | undefined {
  const { policies, waiting, isCatchingUp } = run;
  const inTime = waiting.filter(({ tick, maxLatenessMs }) => nowMs - tick <= maxLatenessMs);
  if (isCatchingUp) return nextInLine(run, nowMs, inTime);
  if (policies.overlap === 'cancel_other') return inTime.at(-1);
  const [first] = waiting;
  // A tick that came due after the end of the run has not waited for it.
  const hasWaited = first !== undefined && first.tick <= endedMs;
  if (policies.overlap !== 'buffer_one' || !hasWaited) return inTime[0];
  // Its time is the end of the run, however late that is.
  return { ...first, because: 'buffered', maxLatenessMs: BUFFERED_FOR_EVER_MS };
}

/** What came due while others were made up for is made up for in its turn, also where the ledger does not answer. */
function nextInLine(
  { policies: { misfireWithinMs }, waiting }: RunWithLine,
  nowMs: number,
  inTime: readonly DueTick[],
): DueTick | undefined {
  const first = waiting.find(({ tick }) => nowMs - tick <= misfireWithinMs);
  if (first === undefined || inTime.includes(first)) return first;
  return { ...first, because: 'missed', maxLatenessMs: misfireWithinMs };
}
