/**
 * Which instance tells what several have found: the first in rank for the task of those that live, so that a person hears of it once.
 * The others keep it for a while, in case that one is dead and nobody knows it yet.
 */

import { MEMBER_TTL_MS } from '../constants.js';
import { BEAT_PERIOD_MS } from '../heartbeat.js';
import { contendersFor, eligibleAmong, rankOf } from '../ranking.js';
import type { AuditFinding } from './audit-finding.js';
import type { AuditParts, InstanceDirectory, TaskLookup } from './audit-source.js';

/** By then an instance that died before it could tell is no member any more, ms. */
const HOLD_MS = MEMBER_TTL_MS + 2 * BEAT_PERIOD_MS;
const REVIEW_PERIOD_MS = 500;
const MOST_HELD = 2_000;

interface Held {
  readonly finding: AuditFinding;
  readonly untilMs: number;
}

export class AuditTeller {
  private held: readonly Held[] = [];
  private reviewAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: Pick<TaskLookup, 'taskOf'>,
    private readonly tell: (finding: AuditFinding) => void,
  ) {}

  take(finding: AuditFinding, nowMs: number): void {
    if (this.isMineToTell(finding)) {
      this.tellAll([finding]);
      return;
    }
    this.held = [...this.held.slice(1 - MOST_HELD), { finding, untilMs: nowMs + HOLD_MS }];
    this.reviewAtMs = Math.min(this.reviewAtMs, nowMs + REVIEW_PERIOD_MS);
  }

  /** Tells what has become this instance's to tell, and what nobody has told although it was time. */
  review(nowMs: number): void {
    if (nowMs < this.reviewAtMs) return;
    const { directory } = this.parts;
    const untold = this.held.filter(({ finding }) => directory?.hasTold(finding) !== true);
    // Where it is not known what others have told, they are trusted to have done so.
    const mine = untold.filter(
      ({ finding, untilMs }) => this.isMineToTell(finding) || (directory !== undefined && untilMs <= nowMs),
    );
    this.held = untold.filter((held) => held.untilMs > nowMs && !mine.includes(held));
    this.reviewAtMs = this.held.length === 0 ? Number.POSITIVE_INFINITY : nowMs + REVIEW_PERIOD_MS;
    this.tellAll(mine.map(({ finding }) => finding));
  }

  /** When there is something to review, cluster time. */
  get nextMs(): number {
    return this.reviewAtMs;
  }

  private tellAll(findings: readonly AuditFinding[]): void {
    for (const finding of findings) {
      this.tell(finding);
      this.parts.directory?.noteTold(finding);
    }
  }

  /** Without a majority each instance speaks for itself: it cannot know who else lives. */
  private isMineToTell({ task, outcome }: AuditFinding): boolean {
    const { instanceId, hasQuorum, labelsOf = () => [] } = this.parts;
    if (!hasQuorum()) return true;
    const placement = this.lookup.taskOf(task)?.placement;
    // The others find nothing while one of those lives that may run it.
    const those = contendersFor(this.parts, task);
    if (outcome === 'lost' && this.parts.directory !== undefined)
      return eldest(those, this.parts.directory) === instanceId;
    const isLeftToAll = eligibleAmong(those, placement, labelsOf).length === 0;
    return rankOf(task, instanceId, those, isLeftToAll ? undefined : placement, labelsOf) === 0;
  }
}

/**
 * Of a run that was lost only those may know who were there when its tick was claimed: the claim of a later one may stand in its place by
 * now. Whoever has been there for longest is one of them, if anybody is.
 */
function eldest(
  those: readonly string[],
  directory: Pick<InstanceDirectory, 'sinceMsOf'>,
): string | undefined {
  const sinceMs = (id: string): number => directory.sinceMsOf(id) ?? Number.POSITIVE_INFINITY;
  return [...those].sort((one, other) => sinceMs(one) - sinceMs(other) || (one < other ? -1 : 1))[0];
}
