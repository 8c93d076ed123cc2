/** One call of a handler: its context, its signal, and how it ended. Step 7. */

import type { BidParts } from './bid.js';
import { claimedInstant, type DueTick } from './due-tick.js';
import { DistributedScheduleError } from './errors.js';
import type { Lease } from './lease.js';
import type { Outcome, TickReport } from './outcome.js';
import type { RunHere } from './run-here.js';
import type { TickContext } from './tick-context.js';

export interface AttemptParts extends Pick<BidParts, 'instanceId' | 'clock' | 'observer'> {
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Calls `run` with the context in scope; how is the business of the composition root. */
  readonly around: (context: TickContext, run: () => unknown) => unknown;
}

export type Ending = Pick<
  TickReport,
  'outcome' | 'attempt' | 'error' | 'detail' | 'by' | 'latenessMs' | 'durationMs'
>;

export interface Attempt {
  readonly due: DueTick;
  readonly attempt: number;
  /** Of the claim that won this attempt. */
  readonly claimId: string;
  readonly latenessMs: number;
  /** Whether another attempt at the same tick was made here before. */
  readonly isRetry: boolean;
}

/** Runs the handler once. Never rejects. */
export async function runAttempt(parts: AttemptParts, run: RunHere, given: Attempt): Promise<Ending> {
  const { due, attempt, latenessMs, isRetry } = given;
  const { timeoutMs } = run.policies;
  const signal = new AttemptSignal(run.lease);
  const context = contextOf(parts, run.lease, given, signal);
  const startedMs = parts.clock.monotonicMs();
  const ended = new AbortController();
  run.setAbort((reason) => signal.abort('cancelled', reason));
  let ending: Pick<Ending, 'outcome' | 'error'>;
  try {
    const running = call(parts, due, context);
    // After the call: whatever an observer does must not widen the gap between the last look and the start.
    parts.observer.observe({
      type: 'started',
      task: due.task.name,
      tick: due.tick,
      attempt,
      isRetry,
      latenessMs,
    });
    if (timeoutMs !== undefined) void watchTimeout(parts, due, startedMs + timeoutMs, signal, ended.signal);
    await running;
    run.lease.assertHeld();
    ending =
      signal.outcome === undefined
        ? { outcome: 'success' }
        : { outcome: signal.outcome, error: signal.reason };
  } catch (error) {
    ending = failed(run.lease, signal, error);
  } finally {
    run.setAbort(undefined);
    ended.abort('ended');
    signal.dispose();
  }
  return { ...ending, attempt, latenessMs, durationMs: parts.clock.monotonicMs() - startedMs };
}

function failed(lease: Lease, signal: AttemptSignal, error: unknown): Pick<Ending, 'outcome' | 'error'> {
  if (!lease.isTrusted()) return { outcome: 'aborted', error };
  switch (signal.outcome) {
    case undefined:
      return { outcome: 'failed', error };
    case 'aborted':
      return { outcome: 'aborted', error };
    default:
      // What a handler throws when it is told to stop is mostly the signal's own reason, wrapped.
      return { outcome: signal.outcome, error: signal.reason };
  }
}

/** Runs the handler up to its first await; what it throws on the way is a rejection too. */
async function call(parts: AttemptParts, due: DueTick, context: TickContext): Promise<unknown> {
  return parts.around(context, () => due.task.handler(context));
}

async function watchTimeout(
  parts: AttemptParts,
  { task, tick }: DueTick,
  untilMs: number,
  signal: AttemptSignal,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted && parts.clock.monotonicMs() < untilMs) await parts.clock.sleepUntil(untilMs, ended);
  if (ended.aborted) return;
  const message = `tick ${tick} runs for longer than timeoutMs = ${task.policies?.timeoutMs}`;
  signal.abort(
    'timed_out',
    new DistributedScheduleError('DSCHED_TIMED_OUT', message, { task: task.name, value: tick }),
  );
}

function contextOf(
  parts: AttemptParts,
  lease: Lease,
  { due, attempt, claimId }: Attempt,
  { signal }: AttemptSignal,
): TickContext {
  return Object.freeze({
    task: due.task.name,
    tick: due.tick,
    // The claimed instant itself is the token: wins of a task are ordered by it through the node that two majorities share.
    fencingToken: claimedInstant({ tick: due.tick, attempt }),
    claimId,
    idempotencyKey: parts.idempotencyKey(due.task.name, due.tick),
    attempt,
    instanceId: parts.instanceId,
    payload: due.task.payloadOf?.(due.tick),
    signal,
    remainingMs: () => lease.remainingMs(),
    assertHeld: () => lease.assertHeld(),
  });
}

/** The handler's signal: the lease's, or one of the reasons that concern this attempt only; whichever comes first. */
class AttemptSignal {
  outcome: Extract<Outcome, 'aborted' | 'timed_out' | 'cancelled'> | undefined;
  private readonly controller = new AbortController();
  private readonly onLeaseEnd = (): void => this.abort('aborted', this.lease.signal.reason);

  constructor(private readonly lease: Lease) {
    if (lease.signal.aborted) this.onLeaseEnd();
    else lease.signal.addEventListener('abort', this.onLeaseEnd, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get reason(): unknown {
    return this.controller.signal.reason;
  }

  abort(outcome: Extract<Outcome, 'aborted' | 'timed_out' | 'cancelled'>, reason: unknown): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.controller.abort(reason);
  }

  dispose(): void {
    this.lease.signal.removeEventListener('abort', this.onLeaseEnd);
  }
}
