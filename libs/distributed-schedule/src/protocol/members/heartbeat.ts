/** This instance's sign of life, and what it learns by it: who else is alive, and whether a majority answers. */

import type { DueTick } from '../contract/due-tick.js';
import type { BidGate } from '../contract/electorate-view.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock } from '../contract/ports.js';
import type { StandbyTicks } from '../contract/standby-set.js';
import type { BeatAnswer, GuardedMembership } from '../ledger/guarded-ports.js';
import type { BeatQuestions } from './beat-questions.js';
import { BEAT_PERIOD_MS, type BeatReach, BeatTally } from './beat-tally.js';

/** Questions are collected once a second, also where standby ticks make many more beats. */
const QUESTION_PERIOD_MS = 0.9 * BEAT_PERIOD_MS;

/** Also a beat that is wanted at once comes no sooner than this after the one before. */
const MIN_PERIOD_MS = 20;

/** Has questions about ticks that can wait for the next beat and cost no message of their own there. */
export interface QuestionSource {
  questions(): readonly DueTick[];
  /** One answer per question, in order; not called where the beat failed. */
  answered(answers: readonly PeekAnswer[]): void;
}

interface Asked {
  readonly source: QuestionSource;
  readonly questions: readonly DueTick[];
}

export interface HeartbeatParts {
  readonly instanceId: string;
  readonly nodes: number;
  readonly clock: Clock;
  readonly membership: GuardedMembership;
  readonly observer: ScheduleObserver;
  readonly sources?: readonly QuestionSource[];
  readonly questions: BeatQuestions;
  /** May want a beat before the usual one is due. */
  readonly electorate?: Pick<BidGate, 'nextBeatMs'>;
  /** Told right before a beat leaves: what else is to be sent about now leaves with it. */
  readonly onBeat?: () => void;
}

export class Heartbeat {
  private knownMembers: readonly string[];
  private readonly tally: BeatTally;
  private toldQuorum: boolean | undefined;
  private beatenAtMs = Number.NEGATIVE_INFINITY;
  private collectedAtMs = Number.NEGATIVE_INFINITY;
  private beatsInFlight = 0;

  constructor(private readonly parts: HeartbeatParts) {
    this.knownMembers = [parts.instanceId];
    this.tally = new BeatTally(parts.clock, parts.nodes);
  }

  get members(): readonly string[] {
    return this.knownMembers;
  }

  get nodesAnswering(): number {
    return this.tally.nodesAnswering;
  }

  /** A majority of the configured nodes answered the newest beat. */
  get quorum(): boolean {
    return this.tally.quorum;
  }

  reach(): BeatReach {
    return this.tally.reach();
  }

  /** Monotonic instant at which the next beat is due, unless one is on its way. */
  get nextBeatMs(): number {
    const wishMs = this.parts.electorate?.nextBeatMs ?? Number.POSITIVE_INFINITY;
    return Math.min(this.beatenAtMs + BEAT_PERIOD_MS, Math.max(wishMs, this.beatenAtMs + MIN_PERIOD_MS));
  }

  get isBeating(): boolean {
    return this.beatsInFlight > 0;
  }

  /** Beats, and asks about ticks in the same message; in short about those that belong to `standby`. Never rejects. */
  async beat(peeks: readonly DueTick[] = [], standby?: StandbyTicks): Promise<readonly PeekAnswer[]> {
    this.beatenAtMs = this.parts.clock.monotonicMs();
    this.beatsInFlight += 1;
    this.parts.onBeat?.();
    const collected = this.collectQuestions();
    const asked = [...peeks, ...collected.flatMap(({ questions }) => questions)];
    const { questions: whom } = this.parts;
    const split = whom.split(asked);
    const asking = whom.askLedger(split);
    const answer = await this.beatNodes(split.forNodes, whom.forSet(standby));
    // Not later: the next beat waits neither for a ledger that is kept elsewhere nor for what is asked about once more.
    this.beatsInFlight -= 1;
    if (answer === undefined) return [];
    const fromNodes = await whom.settle(split.forNodes, answer);
    const answers = whom.inOrder(split, fromNodes, await asking);
    this.answered(collected, answers.slice(peeks.length));
    return answers.slice(0, peeks.length);
  }

  /** Undefined where the beat failed. */
  private async beatNodes(
    peeks: readonly DueTick[],
    standby: StandbyTicks | undefined,
  ): Promise<BeatAnswer | undefined> {
    const { membership, instanceId } = this.parts;
    const answer = await membership.beat(instanceId, peeks, standby);
    if (answer !== undefined) this.takeIn(answer.members, answer.nodesAnswering);
    return answer;
  }

  private answered(collected: readonly Asked[], answers: readonly PeekAnswer[]): void {
    let first = 0;
    try {
      for (const { source, questions } of collected) {
        source.answered(answers.slice(first, first + questions.length));
        first += questions.length;
      }
    } catch (error) {
      this.parts.observer.observe({ type: 'error', error, where: 'beat: answers' });
    }
  }

  private collectQuestions(): readonly Asked[] {
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - this.collectedAtMs < QUESTION_PERIOD_MS) return [];
    this.collectedAtMs = nowMs;
    return (this.parts.sources ?? []).map((source) => ({ source, questions: source.questions() }));
  }

  private takeIn(members: readonly string[], nodesAnswering: number): void {
    const { nodes, observer } = this.parts;
    const quorum = this.tally.note(nodesAnswering);
    if (quorum !== this.toldQuorum) {
      this.toldQuorum = quorum;
      observer.observe({ type: 'quorum', reached: quorum, nodesAnswering, nodes });
    }
    // Without an answer nothing is known about the others: keep to the last that was.
    if (nodesAnswering === 0 || isSameList(members, this.knownMembers)) return;
    this.knownMembers = members;
    observer.observe({ type: 'members', members });
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
