/**
 * Which instance tells what all of them have found: the first in rank of those that live, so that a person hears of it once.
 * The others keep it for a while, in case that one is dead and nobody knows it yet.
 */

import type { AuditFinding } from './audit-finding.js';
import { MEMBER_TTL_MS } from './constants.js';
import { BEAT_PERIOD_MS } from './heartbeat.js';
import { rankOf } from './ranking.js';

export interface AuditTellerParts {
  readonly instanceId: string;
  readonly members: () => readonly string[];
}

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
    private readonly parts: AuditTellerParts,
    private readonly tell: (finding: AuditFinding) => void,
  ) {}

  take(finding: AuditFinding, nowMs: number): void {
    if (this.isMineToTell(finding)) {
      this.tell(finding);
      return;
    }
    this.held = [...this.held.slice(1 - MOST_HELD), { finding, untilMs: nowMs + HOLD_MS }];
    this.reviewAtMs = Math.min(this.reviewAtMs, nowMs + REVIEW_PERIOD_MS);
  }

  /** Tells what is this instance's to tell by now, and drops what somebody else must have told. */
  review(nowMs: number): void {
    if (nowMs < this.reviewAtMs) return;
    const mine = this.held.filter(({ finding }) => this.isMineToTell(finding));
    this.held = this.held.filter((held) => held.untilMs > nowMs && !mine.includes(held));
    this.reviewAtMs = this.held.length === 0 ? Number.POSITIVE_INFINITY : nowMs + REVIEW_PERIOD_MS;
    for (const { finding } of mine) this.tell(finding);
  }

  forget(task: string): void {
    this.held = this.held.filter(({ finding }) => finding.task !== task);
  }

  /** When there is something to review, cluster time. */
  get nextMs(): number {
    return this.reviewAtMs;
  }

  /** Without a majority each instance speaks for itself: it cannot know who else lives. */
  private isMineToTell({ task, cause, certain }: AuditFinding): boolean {
    if (cause === 'no_majority' && !certain) return true;
    const { instanceId, members } = this.parts;
    return rankOf(task, instanceId, members()) === 0;
  }
}
