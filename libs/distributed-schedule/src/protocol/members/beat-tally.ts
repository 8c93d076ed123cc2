/** How the newest beats were answered: whether a majority of nodes is there, and since when it is not. */

import type { Clock } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';

/** A beat once a second; those that standby ticks make anyway count. */
export const BEAT_PERIOD_MS = 1_000;

/** An answer older than this says nothing about the store now. */
const ANSWER_LIFETIME_MS = 3 * BEAT_PERIOD_MS;

export interface BeatReach {
  readonly nodesAnswering: number;
  /** A majority of nodes answered the newest beat. */
  readonly quorum: boolean;
  /** A majority has answered since this instance was started: what is not there now was lost. */
  readonly hadQuorum: boolean;
  /** For so long no majority has answered, and no task could start here; undefined while one does. */
  readonly withoutQuorumMs: number | undefined;
}

export class BeatTally {
  private answering = 0;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  private quorumAtMs: number | undefined;
  private readonly startedAtMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly nodes: number,
  ) {
    this.startedAtMs = clock.monotonicMs();
  }

  /** A beat has been answered by so many nodes. Whether these are a majority. */
  note(nodesAnswering: number): boolean {
    this.answering = nodesAnswering;
    this.answeredAtMs = this.clock.monotonicMs();
    const quorum = nodesAnswering >= quorumOf(this.nodes);
    if (quorum) this.quorumAtMs = this.answeredAtMs;
    return quorum;
  }

  get nodesAnswering(): number {
    return this.clock.monotonicMs() - this.answeredAtMs <= ANSWER_LIFETIME_MS ? this.answering : 0;
  }

  get quorum(): boolean {
    return this.nodesAnswering >= quorumOf(this.nodes);
  }

  reach(): BeatReach {
    const { quorum, nodesAnswering } = this;
    const lastMs = this.quorumAtMs ?? this.startedAtMs;
    return {
      quorum,
      nodesAnswering,
      hadQuorum: this.quorumAtMs !== undefined,
      withoutQuorumMs: quorum ? undefined : this.clock.monotonicMs() - lastMs,
    };
  }
}
