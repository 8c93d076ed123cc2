import type { NodeSet } from '../contract/node-set.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type { Clock, VotingNode } from '../contract/ports.js';

/** What an instance's view of its nodes is made of. */
export interface ElectorateParts {
  readonly nodes: readonly VotingNode[];
  readonly set: NodeSet;
  /** Which application this is. */
  readonly app: string;
  readonly clock: Clock;
  readonly observer: ScheduleObserver;
  /** After this a memory votes, and a set starts, with what a majority knows; Infinity: never. */
  readonly identityWaitMs: number;
  /** Name of a set on record that a person has declared to be over. */
  readonly takeOver?: string | undefined;
}
