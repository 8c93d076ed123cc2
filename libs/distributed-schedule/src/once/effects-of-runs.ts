/** Which effect each key of a run stands for: a second one under it would be answered by the first one's snapshot. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TickContext } from '../protocol/contract/tick-context.js';

export class EffectsOfRuns {
  /** By run, by job: the effect as it is written. A run that is over goes with its context. */
  private readonly byRun = new WeakMap<TickContext, Map<string, string>>();

  /**
   * Two functions of one text are one effect: a helper that is called twice makes a new one each time.
   * @throws DistributedScheduleError DSCHED_KEY_REUSED
   */
  require(run: TickContext, jobId: string, key: string, effect: (...args: never[]) => unknown): void {
    const effects = this.byRun.get(run) ?? new Map<string, string>();
    this.byRun.set(run, effects);
    const text = `${effect.name} ${Function.prototype.toString.call(effect)}`;
    const known = effects.get(jobId);
    effects.set(jobId, known ?? text);
    if (known === undefined || known === text) return;
    throw new DistributedScheduleError(
      'DSCHED_KEY_REUSED',
      `this run has given the key '${key}' to another effect before, so this one would never run, and be answered with the result of that one. ` +
        'Tell them apart: runOnce(key, effect, { part })',
      { value: key, task: run.task },
    );
  }
}
