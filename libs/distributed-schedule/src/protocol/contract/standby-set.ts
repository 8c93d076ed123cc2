/** All ticks of one instant are asked about by a digest of their tasks, which a node has been told before: standby-sets.ts. */

/** A node keeps a set for this long after it was last asked about: as long as it remembers an instance that is silent. */
export const STANDBY_SET_TTL_MS = 10_000;

/**
 * A node gives the same short answer again for this long, as instances look at the same moment: as if the reply had been so long on
 * its way. Less than a quarter of the time from rank to rank.
 */
export const SHORT_ANSWER_AGE_MS = 25;

/** So many lines share a digest in a short answer: one that differs puts as many ticks in doubt. */
export const LINES_PER_DIGEST = 50;

/** The ticks of one instant, at which an instance stands by for some. */
export interface StandbyTicks {
  readonly tick: number;
  /** All that are due at it here, those among them for which the instance does not stand by: so that instances ask about the same set. */
  readonly tasks: readonly string[];
}

/** What a beat says of a standby set. */
export interface StandbyQuestion {
  /**
   * - `keep` the first `count` of the asked tasks are the set; a node that finds another digest keeps nothing
   * - `ask`  asks about the newest tick of each task of the set, beside the asked tasks
   */
  readonly kind: 'keep' | 'ask';
  /** Of the names of its tasks in their order, see {@link VotingNode.digestOf}. */
  readonly digest: string;
  /** How many tasks it has. */
  readonly count: number;
}
