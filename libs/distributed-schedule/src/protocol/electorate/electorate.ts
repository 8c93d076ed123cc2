/** Which memory answers at each node, whether it votes, and whether our set stands. Fed by beats, asked by claims. */

import type {
  BidGate,
  ElectorateStatus,
  ElectorateView,
  NoBid,
  SentBeat,
} from '../contract/electorate-view.js';
import { areSameIds, type LedgerIds } from '../contract/ledger-id.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { BeatReply, ClaimTerms, NodeReply, VotingNode } from '../contract/ports.js';
import type { LockGuard } from '../lease/lock-verdict.js';
import { BeatWish } from './beat-wish.js';
import { decideSet } from './decide-set.js';
import type { ElectorateParts } from './electorate-parts.js';
import { behindOf, setBacksOf } from './epochs.js';
import { isMajority } from './known-node.js';
import { NodeBook } from './node-book.js';
import { showsRival } from './rival-sets.js';
import { decided, type SetDecision } from './set-scene.js';
import { Upkeep } from './upkeep.js';
import { whyTooFew, whyUnheard } from './why-no-bid.js';

/** A beat that leaves at once is mostly answered within this. Its next round may be too late for a tick. */
const SHOWN_WITHIN_MS = 40;

export class Electorate implements ElectorateView, BidGate, LockGuard {
  private readonly book: NodeBook;
  private readonly upkeep: Upkeep;
  private decision: SetDecision = decided('waits', 'no node has answered yet');
  private toldCondition: SetDecision['condition'] = 'waits';
  private heardBeat: SentBeat | undefined;
  /** Since when a majority answers and no stamp stands; monotonic. */
  private unstampedSinceMs: number | undefined;
  /** When the newest sign of another set was seen, or this one did not stand; monotonic. */
  private disputedAtMs: number;
  private readonly wish: BeatWish;
  private named: LedgerIds = {};

  constructor(private readonly parts: ElectorateParts) {
    const { set, nodes, identityWaitMs, clock } = parts;
    const tell = (event: ScheduleEvent): void => parts.observer.observe(event);
    this.disputedAtMs = clock.monotonicMs();
    this.wish = new BeatWish(clock);
    // Who waits a second for its next beat is not heard meanwhile, and a memory without a vote listens for few of them.
    for (const node of nodes) node.onBack?.(() => this.wish.in(0));
    this.book = new NodeBook({ nodes, set, tell });
    this.upkeep = new Upkeep({
      set,
      nodes,
      identityWaitMs,
      clock,
      known: this.book.known,
      decide: () => this.decide(),
      wanting: () => this.book.wanting(clock.monotonicMs()),
      answeredNotes: (position, isInUse) => this.book.answeredNotes(position, isInUse, clock.monotonicMs()),
      tell: this.book.tell,
    });
  }

  sendBeat(): SentBeat {
    const { set, app, clock } = this.parts;
    const sentMs = clock.monotonicMs();
    const standsSinceMs = this.book.standsSinceMs(sentMs);
    const sign = { set, app, standsSinceMs, yields: this.showsThatItYields(), ids: this.book.idsInUse() };
    return { sign, sentMs, sentWallMs: clock.wallMs(), wishes: this.wish.count };
  }

  heard(beat: SentBeat, replies: readonly NodeReply<BeatReply>[]): void {
    if (beat.sentMs < (this.heardBeat?.sentMs ?? Number.NEGATIVE_INFINITY)) return;
    const nowMs = this.parts.clock.monotonicMs();
    this.wish.heard(beat.wishes);
    const isRenamed = this.book.takeIn(replies, nowMs);
    if (isRenamed) this.wish.in(0);
    if (!replies.some(({ answered }) => answered)) return;
    this.heardBeat = beat;
    this.countWait(nowMs);
    const { stamps } = this.decide();
    const isAmiss =
      this.book.wanting(nowMs).length > 0 || behindOf(this.book.known, this.parts.set).length > 0;
    if (stamps.length > 0 || isAmiss) this.upkeep.request();
  }

  namedIds(): LedgerIds {
    const ids = this.book.idsThatCount();
    if (!areSameIds(ids, this.named)) this.named = ids;
    return this.named;
  }

  terms(node: VotingNode, ids: LedgerIds): ClaimTerms {
    return { set: this.parts.set, ids, deadlineMs: node.callDeadlineMs() };
  }

  renamed({ position }: VotingNode, ids: LedgerIds): void {
    this.lockRefused(position, ids);
  }

  refusedBySet(): void {
    this.wish.in(0);
  }

  speaksOfTicks({ position }: VotingNode): boolean {
    if (this.decision.condition === 'yields') return false;
    const node = this.book.known.find((one) => one.position === position);
    return node !== undefined && this.book.standingOf(node) === 'votes';
  }

  lockRefused(position: string, ids: LedgerIds): void {
    this.book.renamed(position, ids);
    this.wish.in(0);
  }

  mayBid(): NoBid | undefined {
    const { condition, detail, isAboutToBid = false } = this.decision;
    if (isAboutToBid) return { why: detail, isOutdated: false, againInMs: SHOWN_WITHIN_MS };
    const why =
      condition === 'bids'
        ? (whyUnheard(this.heardBeat, this.parts.clock) ?? whyTooFew(this.book, this.parts.set))
        : detail;
    return why === undefined ? undefined : { why, isOutdated: condition === 'outdated' };
  }

  get nextBeatMs(): number {
    return this.wish.dueMs;
  }

  onBeatWanted(listener: () => void): void {
    this.wish.onWanted(listener);
  }

  status(): ElectorateStatus {
    const { condition, detail } = this.decision;
    const undisputedForMs = this.isDisputed()
      ? undefined
      : this.parts.clock.monotonicMs() - this.disputedAtMs;
    const [problems, setBackMs] = [this.book.problems(), setBacksOf(this.book.known)];
    return { condition, detail, undisputedForMs, problems, setBackMs };
  }

  /** Resolves when nothing is under way at the nodes. Never rejects. */
  idle(): Promise<void> {
    return this.upkeep.idle();
  }

  /** Only once no stamp of ours can still land: a set that yields is overlooked, and would stand beside the other. */
  private showsThatItYields(): boolean {
    const { condition } = this.decision;
    return (
      condition === 'yields' &&
      this.heardBeat !== undefined &&
      !this.upkeep.wasStamping(this.heardBeat.sentMs)
    );
  }

  private decide(): SetDecision {
    const { set, app, identityWaitMs, takeOver, clock, observer } = this.parts;
    const nowMs = clock.monotonicMs();
    this.decision = decideSet({
      set,
      app,
      nodes: this.book.known,
      standsSinceMs: this.book.standsSinceMs(nowMs),
      wasShown: this.heardBeat?.sign.yields === false,
      wasShownToStand: this.heardBeat?.sign.standsSinceMs !== undefined,
      waitedMs: nowMs - (this.unstampedSinceMs ?? nowMs),
      identityWaitMs,
      takeOver,
    });
    if (this.isDisputed()) this.disputedAtMs = nowMs;
    const { condition, detail, againInMs } = this.decision;
    if (againInMs !== undefined) this.wish.in(againInMs);
    if (condition !== this.toldCondition && this.decision.isAboutToBid !== true) {
      this.toldCondition = condition;
      observer.observe({ type: 'node_set', condition, detail });
    }
    return this.decision;
  }

  private isDisputed(): boolean {
    const { set } = this.parts;
    const { condition, isAboutToBid = false } = this.decision;
    if (condition !== 'bids' && !isAboutToBid) return true;
    return this.book.known.some((node) => showsRival(node, set));
  }

  private countWait(nowMs: number): void {
    const answers = this.book.known.filter(({ answersNow }) => answersNow).length;
    const isWaiting = isMajority(answers, this.parts.set) && this.book.standsSinceMs(nowMs) === undefined;
    this.unstampedSinceMs = isWaiting ? (this.unstampedSinceMs ?? nowMs) : undefined;
  }
}
