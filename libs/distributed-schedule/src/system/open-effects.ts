import { AsyncLocalStorage } from 'node:async_hooks';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

interface OpenEffect {
  readonly jobId: string;
  readonly outer: OpenEffect | undefined;
  /** What an effect has left behind goes on in its context. */
  isClosed: boolean;
}

/** The effects of one executor around a call. Each of them holds what its store has given it, and waits for the call. */
export class OpenEffects {
  private readonly around = new AsyncLocalStorage<OpenEffect>();

  get isInside(): boolean {
    return this.goingOn().length > 0;
  }

  /**
   * An effect would wait for itself.
   * @throws DistributedScheduleError DSCHED_JOB_NESTED
   */
  requireOther(jobId: string, key: string): void {
    if (!this.goingOn().includes(jobId)) return;
    throw new DistributedScheduleError(
      'DSCHED_JOB_NESTED',
      `runOnce was called with the key '${key}' inside the effect of that very job, which would wait for its own end. ` +
        'Give the inner one a key of its own, or { part }',
      { value: key },
    );
  }

  /** The jobs of the effects around. */
  private goingOn(): readonly string[] {
    const jobs: string[] = [];
    for (let effect = this.around.getStore(); effect !== undefined; effect = effect.outer) {
      if (!effect.isClosed) jobs.push(effect.jobId);
    }
    return jobs;
  }

  async during<Output>(jobId: string, effect: () => Output | Promise<Output>): Promise<Output> {
    const open: OpenEffect = { jobId, outer: this.around.getStore(), isClosed: false };
    try {
      return await this.around.run(open, effect);
    } finally {
      open.isClosed = true;
    }
  }
}
