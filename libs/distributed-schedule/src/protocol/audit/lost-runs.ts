/**
 * Runs that were lost with their instance. When a member is not there any more, the nodes are asked what they know of it: whether its connections
 * have ended, which claims are its own, and whether what ran under them has ended. The message that releases a run's lock writes that end, see
 * attempt-end.ts; so a claim of a dead instance without an end on any node that answers is that of a run which it took with it.
 *
 * ```
 *   member ──gone──► asked ──no open claim──► forgotten
 *     ▲                │ ▲ └─nodes are silent that may know of one──► asked again, for half a minute
 *     │                │ └──────────────────────────────────────────────┘
 *     │                │ open claims
 *     │                ▼
 *   back again      asked again a third of the time to live later, in which a live holder renews its lease
 *                      │ still gone, no end, no renewal ──► lost
 * ```
 *
 * An instance whose connections stand, and which is silent, may only stand still: that takes a whole time to live, after which its
 * lease is over. Lost is therefore told within 1 to 2.5 s of `kill -9` (the beat, a third of 3 s), and later of what falls silent.
 */

import type { ScheduleEvent } from '../contract/observer.js';
import { RENEWALS_PER_TTL } from '../options/protocol-options.js';
import type { AuditParts, Found, TaskLookup } from './audit-source.js';
import { type Judged, MissingMember } from './missing-member.js';
import type { MergedInquiry, Standing } from './run-inquiries.js';
import { hasGoneOn, newestAsQuestion, type Question, TheirClaims } from './their-claims.js';

/** A run that was found to be lost, and how its instance stood then. */
interface Told {
  readonly question: Question;
  readonly standing: Standing;
}

export class LostRuns {
  private members: readonly string[] = [];
  private readonly missing = new Map<string, MissingMember>();
  private readonly claims: TheirClaims;

  constructor(
    private readonly parts: AuditParts,
    private readonly lookup: TaskLookup,
    private readonly found: Found,
  ) {
    this.claims = new TheirClaims(parts, lookup);
  }

  observe(event: ScheduleEvent): void {
    if (event.type === 'members') this.compare(event.members);
    this.claims.observe(event);
  }

  drop(task: string): void {
    this.claims.drop(task);
  }

  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { askAtMs } of this.missing.values()) nextMs = Math.min(nextMs, askAtMs);
    return nextMs;
  }

  async look(): Promise<boolean> {
    const nowMs = this.parts.clusterClock.nowMs();
    const due = [...this.missing].filter(([, { askAtMs }]) => askAtMs <= nowMs);
    // Infinite while an answer is on its way.
    for (const [, missing] of due) missing.askAtMs = Number.POSITIVE_INFINITY;
    await Promise.all(due.map(([id, missing]) => this.ask(id, missing)));
    return due.length > 0;
  }

  private compare(members: readonly string[]): void {
    const { inquiries, locks, clusterClock } = this.parts;
    // Where these are not there nobody can tell a run that has ended from one that was lost.
    if (inquiries === undefined || locks?.keepEnds === undefined) return;
    const nowMs = clusterClock.nowMs();
    const present = new Set(members);
    for (const id of present) this.missing.delete(id);
    for (const id of this.members) {
      if (!present.has(id)) this.missing.set(id, new MissingMember(nowMs));
    }
    this.members = members;
  }

  private async ask(instanceId: string, missing: MissingMember): Promise<void> {
    const { clusterClock, inquiries, electorate } = this.parts;
    const { isDisputed } = missing;
    const known = isDisputed ? [] : missing.open;
    const others = isDisputed ? [] : missing.others(() => this.claims.questionsAbout(instanceId));
    const inquiry = await inquiries?.ask({ instanceId, lines: [...known, ...others] });
    const nowMs = clusterClock.nowMs();
    missing.isDisputed = inquiry === undefined || inquiry.standing === 'alive';
    if (isDisputed && !missing.isDisputed) missing.askAtMs = nowMs;
    else missing.askAgain(nowMs);
    // Another set of nodes goes on: what its instances do is for them to watch.
    if (electorate?.status().condition === 'yields') this.missing.delete(instanceId);
    if (inquiry === undefined || isDisputed || missing.isDisputed) return;
    if (this.missing.get(instanceId) !== missing) return;
    const { standing, lines } = inquiry;
    const found = others.flatMap((one, i) => this.judge(one, lines[known.length + i], undefined) ?? []);
    const still = known.flatMap((one, i) => this.judge(one, lines[i], missing.standing) ?? []);
    missing.take([...still, ...found], standing, nowMs);
    // By the clock after the last slice: a lock may look renewed too late, never too early, or a live run would be told.
    if (known.some((_, i) => this.isRenewed(missing, lines[i], nowMs))) missing.sinceMs = nowMs;
    const ripeMs = missing.sinceMs + this.patienceMs(standing);
    // What is open since now was asked about without its lock.
    const isRipe = nowMs >= ripeMs && !found.some(({ state }) => state === 'open');
    if (isRipe) for (const question of missing.takeOpen()) this.tell(question, standing);
    if (!missing.askNext(ripeMs, nowMs)) this.missing.delete(instanceId);
  }

  /** Undefined: not open, or nobody can know. @param wasOpen the instance's standing when it was open before */
  private judge(
    question: Question,
    inquiry: MergedInquiry | undefined,
    wasOpen: Standing | undefined,
  ): Judged | undefined {
    const task = this.lookup.taskOf(question.task);
    if (task === undefined || inquiry === undefined) return undefined;
    const one = question.lock === undefined ? newestAsQuestion(task, question, inquiry) : question;
    if (one === undefined) return inquiry.isUnheard ? { question, state: 'unheard' } : undefined;
    const state = inquiry.stateOf(one.instant, one.isMeant);
    if (state === 'ended' || hasGoneOn(task, one, inquiry.newest)) return undefined;
    if (state === 'open') return { question: one, state };
    // A node that has fallen silent meanwhile takes nothing back of what was open.
    if (state === 'unheard')
      return wasOpen === undefined ? { question, state } : { question: one, state: 'open' };
    // Nodes that forgot may have forgotten its end. Not if its connections were gone before: then nobody could write one.
    return wasOpen === 'gone' ? { question: one, state: 'open' } : undefined;
  }

  /** By how much of its life a lock still has, it was renewed after its holder went missing. */
  private isRenewed({ sinceMs }: MissingMember, inquiry: MergedInquiry | undefined, nowMs: number): boolean {
    return (inquiry?.lockLeftMs ?? 0) > this.parts.options.leaseTtlMs - (nowMs - sinceMs);
  }

  /** How long a live holder may take to renew its lease, and one that may only stand still to lose it. */
  private patienceMs(standing: Standing): number {
    const { leaseTtlMs, nodeTimeoutMs } = this.parts.options;
    return standing === 'gone' ? leaseTtlMs / RENEWALS_PER_TTL + nodeTimeoutMs : leaseTtlMs;
  }

  private tell(question: Question, standing: Standing): void {
    const { task, tick, by } = question;
    const how =
      standing === 'gone'
        ? 'whose connections have ended'
        : 'which has been silent for longer than its lease';
    const follows =
      this.lookup.taskOf(task)?.policies?.recovery === 'retake'
        ? '; its recovery policy makes another attempt'
        : '';
    const detail = `claimed by ${by}, ${how}, and no node knows that its run had ended${follows}`;
    this.found(
      { task, tick, ticks: 1, outcome: 'lost', cause: 'died', detail, certain: false },
      { subject: { question, standing }, areStillSo: this.areStillLost },
    );
  }

  private readonly areStillLost = async (all: readonly Told[]): Promise<readonly (boolean | undefined)[]> => {
    const byInstance = new Map<string, Told[]>();
    for (const one of all) {
      const { by } = one.question;
      byInstance.set(by, [...(byInstance.get(by) ?? []), one]);
    }
    const answers = new Map<Told, boolean | undefined>();
    const asked = [...byInstance].map(async ([instanceId, those]) => {
      const areSo = await this.areLostWith(instanceId, those);
      for (const [index, one] of those.entries()) answers.set(one, areSo[index]);
    });
    await Promise.all(asked);
    return all.map((one) => answers.get(one));
  };

  private async areLostWith(
    instanceId: string,
    those: readonly Told[],
  ): Promise<readonly (boolean | undefined)[]> {
    const { members, inquiries } = this.parts;
    if (members().includes(instanceId)) return those.map(() => false);
    const inquiry = await inquiries?.ask({ instanceId, lines: those.map(({ question }) => question) });
    if (inquiry === undefined) return [];
    const isGone = inquiry.standing !== 'alive';
    return those.map(
      ({ question, standing }, index) =>
        isGone && this.judge(question, inquiry.lines[index], standing)?.state === 'open',
    );
  }
}
