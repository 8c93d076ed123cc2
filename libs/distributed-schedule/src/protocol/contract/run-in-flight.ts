/** What is known of a handler that has been called and has not returned. */

import type { Outcome } from './outcome.js';

/**
 * - `running`    it has not been told to stop
 * - `timed_out`  its signal has aborted: it runs for longer than `timeoutMs`
 * - `cancelled`  its signal has aborted: a later tick has come due
 * - `aborted`    its signal has aborted: its lease is lost, or the app shuts down
 * - `waiting`    it has failed, and another attempt follows after a delay
 * - `given_up`   its lease is renewed no more, and later ticks may run beside it
 */
export type RunState =
  | 'running'
  | 'waiting'
  | Extract<Outcome, 'timed_out' | 'cancelled' | 'aborted' | 'given_up'>;

/** One call of a handler that has not returned, or of one that is to be made again. */
export interface RunInFlight {
  readonly task: string;
  /** Epoch ms of cluster time. */
  readonly tick: number;
  readonly attempt: number;
  readonly fencingToken: number;
  readonly claimId: string;
  /** Where it runs. */
  readonly instanceId: string;
  /** When this attempt began, epoch ms of cluster time. */
  readonly startedMs: number;
  readonly state: RunState;
  /** It was found to go on for too long, and is told again and again until it ends. */
  readonly isStuck: boolean;
}
