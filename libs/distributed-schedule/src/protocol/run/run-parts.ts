import type { BidParts } from '../bid/bid-parts.js';
import type { TickContext } from '../contract/tick-context.js';
import type { LeaseKeeper } from '../lease/keep-lease.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { RunChains } from './run-chains.js';
import type { RunRegister } from './run-register.js';
import type { TickEndParts } from './tick-end.js';

/** What an instance needs to run what it has won. */
export interface RunParts extends BidParts, TickEndParts {
  readonly clusterClock: ClusterClock;
  readonly keeper: LeaseKeeper;
  readonly chains: RunChains;
  readonly register: RunRegister;
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Calls `run` with the context in scope; how is the business of the composition root. */
  readonly around: (context: TickContext, run: () => unknown) => unknown;
  /** True once the shutdown has given up waiting: what has not started by then must not start. */
  readonly isAbandoned: () => boolean;
  /** Stops this instance for good: it has met a newer, or another, node set. */
  readonly stopForGood: (reason: 'outdated') => void;
}
