/** What this instance knows about a tick when it is judged: its own report, who lives, and what the nodes answered. */

import { whoseClaim } from '../bid/own-claims.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { ScheduledTask } from '../contract/tick-context.js';
import { contendersFor, eligibleAmong, isEligible } from '../members/ranking.js';
import { type AuditVerdict, judgeTick } from './audit-reason.js';
import type { AuditParts } from './audit-source.js';
import type { WatchedTick } from './watched-tick.js';

export class TickJudge {
  constructor(
    private readonly parts: Pick<
      AuditParts,
      'instanceId' | 'ownClaims' | 'labelsOf' | 'members' | 'contenders'
    >,
  ) {}

  mayRun({ placement }: ScheduledTask): boolean {
    const { instanceId, labelsOf } = this.parts;
    return isEligible(placement, labelsOf?.(instanceId) ?? []);
  }

  of({ due, report, slept, hadNoAnswer }: WatchedTick, peek: PeekAnswer | undefined): AuditVerdict {
    const { instanceId, ownClaims, labelsOf = () => [] } = this.parts;
    const members = this.parts.members();
    const { name, placement } = due.task;
    const mayRun = this.mayRun(due.task);
    return judgeTick({
      due,
      report,
      peek,
      // That it slept says why nobody answered.
      hadNoAnswer: hadNoAnswer && !slept,
      ownFate: peek?.kind === 'taken' ? whoseClaim(ownClaims, due, peek.claimId) : undefined,
      instanceId,
      isAlive: (id) => members.includes(id),
      mayRun,
      eligible: () =>
        Math.max(mayRun ? 1 : 0, eligibleAmong(contendersFor(this.parts, name), placement, labelsOf).length),
    });
  }
}
