/** What lives on one machine, as its parts see it. */

import type { ClusterClock } from '#src/protocol/time/cluster-clock.js';
import type { Place } from './ambush.js';
import type { Machine } from './machine.js';
import type { Connection } from './names.js';

export interface Resident {
  readonly id: string;
  /** Of the node set that it was started with. */
  readonly generation: number;
  /** Its nodes are another set than most instances' in this world. */
  readonly isOfOther: boolean;
  readonly machine: Machine;
  /** One for each position of its node set. */
  readonly connections: readonly Connection[];
  readonly clusterClock: ClusterClock;
  /** `task tick` of those that were won here. */
  readonly won: Set<string>;
  /** `task instant` of those claims that were not given back. */
  readonly claimed: Set<string>;
  /** Since when it must not bid, true time: it is leaving, or has met a newer node set. */
  readonly retired: { sinceMs: number };
  /** Whether it starts nothing any more. */
  readonly isRetired: () => boolean;
  /** Servers to which its connection has ended. */
  readonly unseenBy: Set<number>;
  /** Told when the instance comes to a place where a directed fault may wait. */
  readonly reach: (place: Place) => void;
}
