/** This instance's sign of life, and what it learns by it: who else is alive, and whether a majority answers. */

import type { DueTick } from '../contract/due-tick.js';
import type { BidGate } from '../contract/electorate-view.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, Membership, PeekVerdict } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import type { BeatQuestions } from './beat-questions.js';

/** A beat once a second; those that standby ticks make anyway count. */
export const BEAT_PERIOD_MS = 1_000;

/** An answer older than this says nothing about the store now, ms. */
const ANSWER_LIFETIME_MS = 3 * BEAT_PERIOD_MS;

/** Passengers travel once a second, also where standby ticks make many more beats. */
const BOARDING_PERIOD_MS = 0.9 * BEAT_PERIOD_MS;

/** A beat that is wanted at once still leaves the one before it so long, ms. */
const SHORTEST_PERIOD_MS = 20;

/** Has questions about ticks that can wait for the next beat and cost no message of their own there. */
export interface BeatPassenger {
  questions(): readonly DueTick[];
  /** One verdict per question, in order; not called where the beat failed. */
  answered(verdicts: readonly PeekVerdict[]): void;
}

interface Ride {
  readonly passenger: BeatPassenger;
  readonly questions: readonly DueTick[];
}

/** How the newest beats were answered. */
export interface BeatReach {
  readonly nodesAnswering: number;
  /** A majority of nodes answered the newest beat. */
  readonly quorum: boolean;
  /** A majority has answered since this instance was started: what is not there now was lost. */
  readonly hadQuorum: boolean;
  /** For so long, ms, no majority has answered, and no task could start here; undefined while one does. */
  readonly withoutQuorumMs: number | undefined;
}

export interface HeartbeatParts {
  readonly instanceId: string;
  readonly nodes: number;
  readonly clock: Clock;
  readonly membership: Membership;
  readonly observer: ScheduleObserver;
  readonly passengers?: readonly BeatPassenger[];
  readonly questions: BeatQuestions;
  /** May want a beat before the usual one is due. */
  readonly electorate?: Pick<BidGate, 'nextBeatMs'>;
}

export class Heartbeat {
  private knownMembers: readonly string[];
  private answering = 0;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  private toldQuorum: boolean | undefined;
  private quorumAtMs: number | undefined;
  private readonly startedAtMs: number;
  private beatenAtMs = Number.NEGATIVE_INFINITY;
  private boardedAtMs = Number.NEGATIVE_INFINITY;
  private beatsInFlight = 0;

  constructor(private readonly parts: HeartbeatParts) {
    this.knownMembers = [parts.instanceId];
    this.startedAtMs = parts.clock.monotonicMs();
  }

  get members(): readonly string[] {
    return this.knownMembers;
  }

  get nodesAnswering(): number {
    return this.isFresh() ? this.answering : 0;
  }

  /** A majority of the configured nodes answered the newest beat. */
  get quorum(): boolean {
    return this.nodesAnswering >= quorumOf(this.parts.nodes);
  }

  reach(): BeatReach {
    const { quorum, nodesAnswering } = this;
    const lastMs = this.quorumAtMs ?? this.startedAtMs;
    return {
      quorum,
      nodesAnswering,
      hadQuorum: this.quorumAtMs !== undefined,
      withoutQuorumMs: quorum ? undefined : this.parts.clock.monotonicMs() - lastMs,
    };
  }

  /** Monotonic instant at which the next beat is due, unless one is on its way. */
  get nextBeatMs(): number {
    const wishMs = this.parts.electorate?.nextBeatMs ?? Number.POSITIVE_INFINITY;
    return Math.min(this.beatenAtMs + BEAT_PERIOD_MS, Math.max(wishMs, this.beatenAtMs + SHORTEST_PERIOD_MS));
  }

  get isBeating(): boolean {
    return this.beatsInFlight > 0;
  }

  /** Beats, and asks about ticks in the same message. Never rejects. */
  async beat(peeks: readonly DueTick[] = []): Promise<readonly PeekVerdict[]> {
    this.beatenAtMs = this.parts.clock.monotonicMs();
    this.beatsInFlight += 1;
    const rides = this.board();
    const asked = [...peeks, ...rides.flatMap(({ questions }) => questions)];
    const { questions: whom } = this.parts;
    const asking = whom.askLedger(asked);
    const fromNodes = await this.beatNodes(whom.forNodes(asked));
    // Not before: the next beat does not wait for a ledger that is kept elsewhere.
    this.beatsInFlight -= 1;
    if (fromNodes === undefined) return [];
    const answers = whom.inOrder(asked, fromNodes, await asking);
    this.tellPassengers(rides, answers.slice(peeks.length));
    return answers.slice(0, peeks.length);
  }

  /** Undefined where the beat failed. */
  private async beatNodes(peeks: readonly DueTick[]): Promise<readonly PeekVerdict[] | undefined> {
    const { membership, instanceId, observer } = this.parts;
    try {
      const verdict = await membership.beat(
        instanceId,
        peeks.map(({ task, tick }) => ({ task: task.name, tick })),
      );
      this.takeIn(verdict.members, verdict.nodesAnswering);
      return verdict.peeks;
    } catch (error) {
      observer.observe({ type: 'error', error, where: 'membership: beat' });
      return undefined;
    }
  }

  private tellPassengers(rides: readonly Ride[], answers: readonly PeekVerdict[]): void {
    let first = 0;
    try {
      for (const { passenger, questions } of rides) {
        passenger.answered(answers.slice(first, first + questions.length));
        first += questions.length;
      }
    } catch (error) {
      this.parts.observer.observe({ type: 'error', error, where: 'beat: answers' });
    }
  }

  private board(): readonly Ride[] {
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - this.boardedAtMs < BOARDING_PERIOD_MS) return [];
    this.boardedAtMs = nowMs;
    return (this.parts.passengers ?? []).map((passenger) => ({
      passenger,
      questions: passenger.questions(),
    }));
  }

  private takeIn(members: readonly string[], nodesAnswering: number): void {
    const { nodes, observer, clock } = this.parts;
    this.answering = nodesAnswering;
    this.answeredAtMs = clock.monotonicMs();
    const quorum = nodesAnswering >= quorumOf(nodes);
    if (quorum) this.quorumAtMs = this.answeredAtMs;
    if (quorum !== this.toldQuorum) {
      this.toldQuorum = quorum;
      observer.observe({ type: 'quorum', reached: quorum, nodesAnswering, nodes });
    }
    // Without an answer nothing is known about the others: keep to the last that was.
    if (nodesAnswering === 0 || isSameList(members, this.knownMembers)) return;
    this.knownMembers = members;
    observer.observe({ type: 'members', members });
  }

  private isFresh(): boolean {
    return this.parts.clock.monotonicMs() - this.answeredAtMs <= ANSWER_LIFETIME_MS;
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
