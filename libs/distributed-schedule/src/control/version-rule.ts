/**
 * A task that a newer version of its app defines otherwise: its schedule is followed on the same terms, unless that is more often
 * than this code ever meant. Else the task is left to that version: with two schedules it would run by both.
 */

import type { Schedule } from '../protocol/contract/tick-context.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import type { TaskDefinition } from './definition-set.js';
import type { CurrentDefinition } from './definition-sets.js';
import type { FrequencyComparisons } from './frequency-comparisons.js';

export interface VersionQuestion {
  readonly name: string;
  readonly own: TaskDefinition;
  readonly ownSchedule: Schedule;
  readonly current: CurrentDefinition;
  /** Makes a schedule that another version has told. Throws where it cannot be used here. */
  readonly make: (schedule: ScheduleData, jitterMs: number) => Schedule;
}

export type VersionRuling =
  | { readonly kind: 'own' }
  /** It is not known yet whether to follow; meanwhile neither is run here. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'follow'; readonly schedule: Schedule; readonly detail: string }
  /** `schedule` is when the others run it, where that is known here. */
  | { readonly kind: 'leave'; readonly schedule?: Schedule; readonly detail: string };

export class VersionRule {
  constructor(
    private readonly followMoreFrequent: boolean,
    private readonly comparisons: Pick<FrequencyComparisons, 'isMore'>,
  ) {}

  rule(question: VersionQuestion): VersionRuling {
    const { own, current, make } = question;
    const { schedule: data, jitterMs = 0 } = current;
    if (current.isOwn || current.fingerprint === own.fingerprint) return { kind: 'own' };
    // Each deployment key has a run of its own, whatever keys other versions have.
    if (own.isTimeout && current.isTimeout) return { kind: 'own' };
    if (data === undefined || own.isTimeout) {
      return { kind: 'leave', detail: 'only the code of that version knows when it is due' };
    }
    let schedule: Schedule;
    try {
      schedule = make(data, jitterMs);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: 'leave', detail: `its schedule there cannot be used here: ${why}` };
    }
    const { description } = schedule;
    if (own.terms !== current.terms) {
      const detail = `it runs there ${description} with other policies, another placement or another lateness limit`;
      return { kind: 'leave', schedule, detail };
    }
    const isMore = this.comparisons.isMore({
      ...{ name: question.name, pair: `${own.fingerprint} ${current.fingerprint}` },
      ...{ one: schedule, than: question.ownSchedule },
      // From when that version was first seen: then all older instances come to the same answer.
      fromMs: current.firstSeenMs,
    });
    if (isMore === undefined) return { kind: 'wait' };
    if (isMore && !this.followMoreFrequent) {
      const detail = `it runs there ${description}, which is more often; with the option followMoreFrequent it would be followed`;
      return { kind: 'leave', schedule, detail };
    }
    const more = isMore ? ', which is more often' : '';
    return { kind: 'follow', schedule, detail: `a newer version of the app runs it ${description}${more}` };
  }
}
