/** The signal of one attempt: aborted by the first reason that comes, which is also its verdict. */

import type { Outcome, TickReport } from '../contract/outcome.js';
import type { Lease } from '../lease/lease.js';

export type StopOutcome = Extract<Outcome, 'aborted' | 'timed_out' | 'cancelled' | 'given_up'>;

/** The handler's signal: the lease's, or one of the reasons that concern this attempt only; whichever comes first. */
export class AttemptSignal {
  outcome: StopOutcome | undefined;
  onAbort: (outcome: StopOutcome) => void = () => undefined;
  private why: unknown;
  private controller: AbortController | undefined;
  private readonly onLeaseEnd = (): void => {
    this.abort('aborted', this.lease.signal.reason);
  };

  constructor(
    private readonly lease: Lease,
    private readonly newController: () => AbortController = () => new AbortController(),
  ) {
    if (lease.signal.aborted) this.onLeaseEnd();
    else lease.signal.addEventListener('abort', this.onLeaseEnd, { once: true });
  }

  /** Made when it is first asked for: most handlers never look at it. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = this.newController();
      if (this.outcome !== undefined) this.controller.abort(this.why);
    }
    return this.controller.signal;
  }

  get reason(): unknown {
    return this.why;
  }

  /** Whether it has not been aborted before: the first reason stands. */
  abort(outcome: StopOutcome, reason: unknown): boolean {
    if (this.outcome !== undefined) return false;
    this.outcome = outcome;
    this.why = reason;
    this.onAbort(outcome);
    this.controller?.abort(reason);
    return true;
  }

  /** The verdict on a run that is given up. One without its lease is as any other that has lost it. */
  givenUp(lease: Lease): Pick<TickReport, 'outcome' | 'error'> {
    const isLost = this.outcome === 'aborted' || !lease.isTrusted();
    return { outcome: isLost ? 'aborted' : 'given_up', error: this.reason };
  }

  dispose(): void {
    this.lease.signal.removeEventListener('abort', this.onLeaseEnd);
  }
}
