/** One instance tells what several found: the first in rank that lives. The others keep it a while, in case that one is dead. */

import type { AuditFinding } from '../contract/audit-finding.js';
import type { AuditParts, Recheck } from './audit-source.js';
import { type AuditTurns, HOLD_MS } from './audit-turns.js';

const REVIEW_PERIOD_MS = 500;
const MAX_HELD = 2_000;

/** In one review. The others wait for the next: a message of thousands would keep a node from its ticks. */
const MAX_ASKED = 500;

/** After a recheck that nobody could answer. */
const ASK_AGAIN_MS = 2_000;

interface Held {
  readonly finding: AuditFinding;
  readonly recheck: Recheck | undefined;
  readonly untilMs: number;
  /** Not asked about again before this. */
  readonly fromMs: number;
}

export class AuditTeller {
  private held: readonly Held[] = [];
  private reviewAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: AuditParts,
    private readonly turns: AuditTurns,
    private readonly tell: (finding: AuditFinding) => void,
    /** It was found, and is not so. */
    private readonly retract: (finding: AuditFinding) => void,
  ) {}

  take(finding: AuditFinding, nowMs: number, recheck?: Recheck): void {
    if (this.turns.isMine(finding)) this.tellNow(finding);
    else this.hold({ finding, recheck, untilMs: nowMs + HOLD_MS, fromMs: nowMs });
  }

  private hold(held: Held): void {
    this.held = [...this.held.slice(1 - MAX_HELD), held];
    this.reviewAtMs = Math.min(this.reviewAtMs, this.parts.clusterClock.nowMs() + REVIEW_PERIOD_MS);
  }

  /** Tells what has become this instance's to tell, and what nobody has told although it was time. Resolves with whether nodes were asked. */
  async review(nowMs: number): Promise<boolean> {
    if (nowMs < this.reviewAtMs) return false;
    const { directory } = this.parts;
    const untold = this.held.filter(({ finding }) => directory?.hasTold(finding) !== true);
    // Where it is not known what others have told, they are trusted to have done so.
    const mine = untold.filter(
      ({ finding, untilMs }) => this.turns.isMine(finding) || (directory !== undefined && untilMs <= nowMs),
    );
    const asked = new Set(mine.filter(({ fromMs }) => fromMs <= nowMs).slice(0, MAX_ASKED));
    const waiting = new Set(mine);
    this.held = untold.filter((held) => !asked.has(held) && (held.untilMs > nowMs || waiting.has(held)));
    this.reviewAtMs = this.held.length === 0 ? Number.POSITIVE_INFINITY : nowMs + REVIEW_PERIOD_MS;
    await this.tellIfStillSo([...asked]);
    return asked.size > 0;
  }

  /** What was held may have come right: a run may have ended, and its instance may be back. */
  private async tellIfStillSo(all: readonly Held[]): Promise<void> {
    const byRecheck = new Map<Recheck['areStillSo'] | undefined, Held[]>();
    for (const held of all) {
      const ask = held.recheck?.areStillSo;
      byRecheck.set(ask, [...(byRecheck.get(ask) ?? []), held]);
    }
    const asked = [...byRecheck].map(async ([ask, those]) => {
      const areSo = await ask?.(those.map(({ recheck }) => recheck?.subject));
      for (const [index, held] of those.entries()) this.settle(held, areSo === undefined || areSo[index]);
    });
    await Promise.all(asked);
  }

  /** @param isSo undefined: nobody could say */
  private settle(held: Held, isSo: boolean | undefined): void {
    const { finding } = held;
    const nowMs = this.parts.clusterClock.nowMs();
    // Its time is not begun anew: after an outage what others must have told long ago is told with the first answer.
    if (isSo === undefined) this.hold({ ...held, fromMs: nowMs + ASK_AGAIN_MS });
    else if (!isSo) this.retract(finding);
    else if (this.parts.directory?.hasTold(finding) !== true) this.tellNow(finding);
  }

  /** When there is something to review, cluster time. */
  get nextMs(): number {
    return this.reviewAtMs;
  }

  private tellNow(finding: AuditFinding): void {
    this.tell(finding);
    this.parts.directory?.noteTold(finding);
  }
}
