import type { BidLead } from '../bid/bid-lead.js';
import type { BidParts } from '../bid/bid-parts.js';
import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { StandbyTicks } from '../contract/standby-set.js';
import type { TickContext } from '../contract/tick-context.js';
import type { LeaseKeeper } from '../lease/keep-lease.js';
import type { LabelsOf } from '../members/ranking.js';
import type { ClusterClock } from '../time/cluster-clock.js';
import type { LoadGauge } from '../time/load-gauge.js';
import type { Portions } from '../time/portions.js';
import type { RunChains } from './run-chains.js';
import type { RunRegister } from './run-register.js';
import type { TickEndParts } from './tick-end.js';

/** What an instance needs to contest ticks, and to run what it has won. */
export interface RunParts extends BidParts, TickEndParts {
  readonly clusterClock: ClusterClock;
  readonly load: LoadGauge;
  readonly lead: BidLead;
  readonly keeper: LeaseKeeper;
  readonly chains: RunChains;
  readonly register: RunRegister;
  /** What follows the end of a handler. Absent: all at once. */
  readonly portions?: Portions;
  readonly idempotencyKey: (task: string, tick: number) => string;
  /** Calls `run` with the context in scope; how is the business of the composition root. */
  readonly around: (context: TickContext, run: () => unknown) => unknown;
  /** Of the signal that a handler asks for. Absent: one that warns from the eleventh listener on. */
  readonly newController?: (() => AbortController) | undefined;
  /** True once the shutdown has given up waiting: what has not started by then must not start. */
  readonly isAbandoned: () => boolean;
  /** Stops this instance for good: it has met a newer, or another, node set. */
  readonly stopForGood: (reason: 'outdated') => void;
  /** The live instances, as this one knows them now. */
  readonly members: () => readonly string[];
  /** Those of them that run a task, this one included. Absent: all. */
  readonly contenders?: (task: string) => readonly string[];
  /** Absent: nobody has labels. */
  readonly labelsOf?: LabelsOf;
  /** The instance's beat, which answers the peeks of standby ticks in the same message. */
  readonly beat: (peeks: readonly DueTick[], standby?: StandbyTicks) => Promise<readonly PeekAnswer[]>;
}
