import type { TickContext } from '../protocol/contract/tick-context.js';

/** The attempt whose handler has thrown. */
export interface HandlerFailure {
  readonly task: string;
  /** The scheduled instant, epoch ms of cluster time. */
  readonly tick: number;
  /** 1, or more after a retry or a retake. */
  readonly attempt: number;
  readonly fencingToken: number;
  readonly idempotencyKey: string;
  readonly instanceId: string;
  /** The run's signal had fired: what was thrown may be no more than the answer to that. */
  readonly aborted: boolean;
}

/**
 * Called once for each attempt whose handler throws or rejects, before the attempt is reported or repeated: for an error tracker or
 * an alarm. Nobody waits for it, and whatever it throws only goes to the log. Not called for an attempt that took too long and then
 * returned: observers hear `timed_out`. What a bare `setTimeout` of a handler throws belongs to no run, and ends the process.
 */
export type HandlerErrorHook = (error: unknown, failure: HandlerFailure) => void | Promise<void>;

export function tellErrors(
  hook: HandlerErrorHook | undefined,
  onHookFailure: (error: unknown) => void,
): (context: TickContext, run: () => unknown) => unknown {
  if (hook === undefined) return (_context, run) => run();
  return async (context, run) => {
    try {
      return await run();
    } catch (error) {
      // Not awaited: a tracker that hangs must not hold the lease.
      void (async () => hook(error, failureOf(context)))().catch(onHookFailure);
      throw error;
    }
  };
}

function failureOf(context: TickContext): HandlerFailure {
  const { task, tick, attempt, fencingToken, idempotencyKey, instanceId, signal } = context;
  const { aborted } = signal;
  return Object.freeze({ task, tick, attempt, fencingToken, idempotencyKey, instanceId, aborted });
}
