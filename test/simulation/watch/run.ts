/** One call of a handler, as the witnesses see it. */

import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { EPOCH_MS } from '../world/machine.js';
import type { Resident } from '../world/resident.js';

/** Where and when a handler was called. */
export interface Start {
  readonly context: TickContext;
  readonly resident: Resident;
}

export interface Run {
  readonly task: string;
  readonly tick: number;
  readonly attempt: number;
  readonly instanceId: string;
  readonly token: number;
  readonly context: TickContext;
  readonly resident: Resident;
  readonly machine: Resident['machine'];
  /** Start minus tick on the instance's cluster clock, ms. */
  readonly latenessMs: number;
  /** On the instance's cluster clock. */
  readonly startedMs: number;
  /** True time. */
  readonly startedAtMs: number;
  end: RunEnd | undefined;
}

export interface RunEnd {
  /** On the instance's cluster clock. */
  readonly endedMs: number;
  /** True time. */
  readonly endedAtMs: number;
  readonly hasThrown: boolean;
}

export function toRun({ context, resident }: Start, nowMs: number): Run {
  const { task, tick, attempt, instanceId, fencingToken: token } = context;
  const { machine, clusterClock } = resident;
  const startedMs = clusterClock.nowMs();
  return {
    ...{ task, tick, attempt, instanceId, token, context, resident, machine },
    latenessMs: startedMs - tick,
    startedMs,
    startedAtMs: nowMs,
    end: undefined,
  };
}

/** Why its signal has aborted: a code of the library, `aborted` for everything else, undefined when it has not. */
export function abortedBy({ context }: Run): 'timed_out' | 'cancelled' | 'given_up' | 'aborted' | undefined {
  if (!context.signal.aborted) return undefined;
  switch ((context.signal.reason as { readonly code?: string } | undefined)?.code) {
    case 'DSCHED_TIMED_OUT':
      return 'timed_out';
    case 'DSCHED_CANCELLED':
      return 'cancelled';
    case 'DSCHED_GIVEN_UP':
      return 'given_up';
    default:
      return 'aborted';
  }
}

/** Whether its tick may be run again by the retry policy. */
export function hasFailed(run: Run): boolean {
  const why = abortedBy(run);
  return why === 'timed_out' || (why === undefined && run.end?.hasThrown === true);
}

export function nameOf({
  task,
  tick,
  attempt = 1,
}: Pick<Run, 'task' | 'tick'> & { readonly attempt?: number }): string {
  return `${task}@${tick - EPOCH_MS}${attempt === 1 ? '' : ` attempt ${attempt}`}`;
}
