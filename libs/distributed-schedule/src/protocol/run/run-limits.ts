/** How long a run may take: what happens when `timeoutMs` and `giveUpAfterMs` have passed, whether or not its handler returns. */

import type { BidParts } from '../bid/bid-parts.js';
import type { DueTick } from '../contract/due-tick.js';
import { DistributedScheduleError } from '../contract/errors.js';
import type { TickReport } from '../contract/outcome.js';
import type { StopSignal } from '../contract/stop.js';
import type { AttemptSignal } from './attempt-signal.js';
import type { RunChain } from './run-chain.js';
import type { OpenRun } from './run-register.js';

/** What the limits of an attempt have to know of it. */
export interface LimitedAttempt {
  readonly due: DueTick;
  readonly attempt: number;
  readonly latenessMs: number;
  /** Called when `timeoutMs` has passed, whether or not the handler returns. Says whether another attempt may follow. */
  readonly onTimedOut: (timedOut: TimedOut) => boolean;
}

export type TimedOut = Pick<TickReport, 'outcome' | 'error' | 'attempt' | 'latenessMs' | 'durationMs'>;

export interface Watched {
  readonly parts: Pick<BidParts, 'clock' | 'observer'>;
  readonly chain: RunChain;
  readonly given: LimitedAttempt;
  readonly open: OpenRun;
  readonly signal: AttemptSignal;
  /** Monotonic. */
  readonly startedMs: number;
  /** Aborts when the handler has returned. */
  readonly ended: StopSignal;
}

export function watchTimeout(watched: Watched): void {
  const { parts, chain, given, open, signal, startedMs } = watched;
  const { timeoutMs } = chain.policies;
  if (timeoutMs === undefined) return;
  const { task, tick } = given.due;
  void after(watched, timeoutMs).then((hasCome) => {
    const error = overtime('DSCHED_TIMED_OUT', 'timeoutMs', given.due, timeoutMs);
    if (!hasCome || !signal.abort('timed_out', error)) return;
    const durationMs = parts.clock.monotonicMs() - startedMs;
    const { attempt, latenessMs } = given;
    const mayBeRepeated = given.onTimedOut({ outcome: 'timed_out', error, attempt, latenessMs, durationMs });
    if (!mayBeRepeated) open.told = 'timed_out';
    parts.observer.observe({ type: 'timed_out', task: task.name, tick, attempt, timeoutMs, mayBeRepeated });
  });
}

/** Resolves when the run is given up; undefined where none is. */
export function watchGiveUp(watched: Watched): Promise<'given_up'> | undefined {
  const { parts, chain, given, open, signal, ended } = watched;
  const { giveUpAfterMs } = chain.policies;
  if (giveUpAfterMs === undefined) return undefined;
  return new Promise((resolve) => {
    void after(watched, giveUpAfterMs).then((hasCome) => {
      if (!hasCome) return;
      signal.abort('given_up', overtime('DSCHED_GIVEN_UP', 'giveUpAfterMs', given.due, giveUpAfterMs));
      open.state = 'given_up';
      chain.giveUp(ended);
      resolve('given_up');
      const { due, attempt } = given;
      const task = due.task.name;
      parts.observer.observe({ type: 'given_up', task, tick: due.tick, attempt, giveUpAfterMs });
    });
  });
}

/** Resolves true if the handler still runs after `durationMs`, false as soon as it has returned. */
async function after({ parts, startedMs, ended }: Watched, durationMs: number): Promise<boolean> {
  const untilMs = startedMs + durationMs;
  while (!ended.aborted && parts.clock.monotonicMs() < untilMs) await parts.clock.sleepUntil(untilMs, ended);
  return !ended.aborted;
}

function overtime(
  code: 'DSCHED_TIMED_OUT' | 'DSCHED_GIVEN_UP',
  option: string,
  { task, tick }: DueTick,
  limitMs: number,
): DistributedScheduleError {
  const message = `tick ${tick} runs for longer than ${option} = ${limitMs}`;
  return new DistributedScheduleError(code, message, { task: task.name, value: tick });
}
