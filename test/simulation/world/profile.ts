/** The kinds of worlds that are simulated. */

import type { Placement } from '#src/protocol/contract/tick-context.js';
import type { ProtocolOptions } from '#src/protocol/options/protocol-options.js';
import type { NetworkOptions } from './network.js';

export type HandlerKind = 'short' | 'long' | 'hanging' | 'failing' | 'deaf' | 'hung' | 'late';

export interface Profile {
  readonly name:
    | 'normal'
    | 'torture'
    | 'liveness'
    | 'identity'
    | 'leases'
    | 'sets'
    | 'clocks'
    | 'hung'
    | 'pruning'
    | 'departures'
    | 'seldom';
  readonly periodMs: number;
  readonly durationMs: number;
  /** Faults stop here; what follows must be as if there had been none. */
  readonly healedAtMs: number;
  /** After healing, until every tick must run; 6 s where nothing is said. */
  readonly liveAfterMs?: number;
  /** After healing, until every node must vote for everybody; nothing is asked where nothing is said. */
  readonly votesAfterMs?: number | undefined;
  readonly tasks: number;
  readonly options: Partial<ProtocolOptions>;
  readonly network: NetworkOptions;
  /** No ranks and no lease: every instance bids for every tick, so that the ledger alone decides. */
  readonly everyInstanceBids: boolean;
  /** Names of nodes come to mean other servers. */
  readonly namesMove?: boolean;
  /** Instances of another set of nodes join on some of the servers. */
  readonly hasRivals?: boolean;
  /** Clocks are set back far, and epochs raised, also by chance. */
  readonly raisesEpochs?: boolean;
  /** Nodes forget old lines all the time, by windows that are too short: that may cost a start, and must not double one. */
  readonly forgets?: boolean;
  /** Instances go at moments at which what they leave behind is hard to judge, and little else goes wrong. */
  readonly hasDepartures?: boolean;
  /** A node waits for the word of the others for as long as that takes. */
  readonly isStrict?: boolean;
  /** Elsewhere: for so long, ms. Short, since no name moves there that such a wait is for. */
  readonly identityWaitMs: number;
  /** Sizes of the node set to draw from. */
  readonly servers?: readonly (1 | 3 | 5)[];
  readonly leastInstances: number;
  readonly handlers: readonly HandlerKind[];
  /** Of tasks with policies of their own. Absent: the same. */
  readonly handlersWithPolicies?: readonly HandlerKind[];
  /** Some never return: ticks need not run as long as one of those has the lock of its task. */
  readonly handlersHang?: boolean;
  /** Its faults leave no doubt about which ticks must be told as missed. */
  readonly tellsEveryMiss?: boolean;
  /** Nor about which runs must be told as lost. Where all instances bid each knows of no member but itself, and misses none. */
  readonly tellsEveryLoss?: boolean;
  /** Of all tasks. */
  readonly placement?: Placement;
  /** Of the instances, in the order in which they join; every instance knows them. */
  readonly labels?: (index: number) => readonly string[];
}

const LAN: NetworkOptions = {
  leastDelayMs: 0.1,
  mostDelayMs: 2,
  slowShare: 0.002,
  mostSlowMs: 300,
  lossShare: 0.001,
  doubleShare: 0.002,
  overtakeShare: 0.002,
};

const BAD: NetworkOptions = {
  leastDelayMs: 0.1,
  mostDelayMs: 20,
  slowShare: 0.05,
  mostSlowMs: 1_500,
  lossShare: 0.02,
  doubleShare: 0.05,
  overtakeShare: 0.1,
};

export const NORMAL: Profile = {
  name: 'normal',
  identityWaitMs: 3_000,
  periodMs: 1_000,
  durationMs: 40_000,
  healedAtMs: 40_000,
  tasks: 2,
  options: {},
  network: LAN,
  everyInstanceBids: false,
  leastInstances: 1,
  handlers: [...Array<HandlerKind>(9).fill('short'), 'long', 'hanging', 'failing', 'deaf'],
  handlersWithPolicies: [
    ...Array<HandlerKind>(6).fill('short'),
    'long',
    'long',
    'hanging',
    'failing',
    'failing',
    'deaf',
  ],
  tellsEveryLoss: true,
};

export const TORTURE: Profile = {
  name: 'torture',
  identityWaitMs: 500,
  periodMs: 100,
  durationMs: 10_000,
  healedAtMs: 10_000,
  tasks: 1,
  options: { bidStaggerMs: 10, bidLeadMs: 30, nodeTimeoutMs: 15, leaseTtlMs: 300 },
  network: { ...BAD, mostDelayMs: 6, mostSlowMs: 80 },
  everyInstanceBids: true,
  leastInstances: 2,
  handlers: ['short'],
  handlersWithPolicies: ['short', 'short', 'short', 'failing'],
};

export const LIVENESS: Profile = {
  ...NORMAL,
  name: 'liveness',
  identityWaitMs: 2_000,
  durationMs: 45_000,
  healedAtMs: 25_000,
  network: BAD,
  handlers: ['short'],
  handlersWithPolicies: [...Array<HandlerKind>(8).fill('short'), 'long', 'failing'],
};

/** Names that come to mean other servers. Every instance bids for every tick, so that the ledger alone decides. */
export const IDENTITY: Profile = {
  ...NORMAL,
  name: 'identity',
  periodMs: 500,
  durationMs: 46_000,
  healedAtMs: 20_000,
  // An old server to which a name has gone back keeps its vote for 10 s before it takes a new id, and notes are asked for again at
  // distances of up to 10 s; two beats beyond that. Beside it another node may have forgotten, which waits for its note: then ticks wait
  // as long. Mostly they run after 3 s; the most that was seen of votes in 180 worlds is 18 s.
  liveAfterMs: 22_000,
  votesAfterMs: 22_000,
  tasks: 1,
  options: { bidStaggerMs: 40, nodeTimeoutMs: 60 },
  network: BAD,
  everyInstanceBids: true,
  namesMove: true,
  isStrict: true,
  identityWaitMs: Number.POSITIVE_INFINITY,
  servers: [3, 3, 5],
  leastInstances: 2,
  handlers: ['short'],
};

/**
 * Runs with leases while names move. Locks name one memory each, and no memories of other positions: what keeps two runs apart is looked at
 * here, and what keeps ticks apart above.
 */
export const LEASES: Profile = {
  ...NORMAL,
  name: 'leases',
  namesMove: true,
  isStrict: true,
  identityWaitMs: Number.POSITIVE_INFINITY,
  servers: [3, 3, 5],
  leastInstances: 2,
  handlers: ['long'],
  handlersWithPolicies: ['long', 'long', 'short', 'hanging'],
};

/** Instances of two sets of nodes on the same servers, and nodes that forget, or fleets that sleep. */
export const SETS: Profile = {
  ...IDENTITY,
  name: 'sets',
  durationMs: 50_000,
  // A set that takes over listens for 3 s, puts its stamps within 1.5 s and waits for its floors for 1 s, with a beat before and one
  // after: 7.5 s. The most that was seen in 60 worlds is 4.5 s, but for ids that are given up: see the witness of progress.
  liveAfterMs: 10_000,
  votesAfterMs: undefined,
  network: LAN,
  namesMove: false,
  hasRivals: true,
  leastInstances: 1,
  servers: [3, 3, 3, 5, 1],
};

/**
 * Clocks that are ahead by minutes or an hour and are set right, and epochs that are raised: then, and at any time, at some of the
 * servers. Every instance bids for every tick, so that the ledger alone decides.
 */
export const CLOCKS: Profile = {
  ...IDENTITY,
  name: 'clocks',
  namesMove: false,
  raisesEpochs: true,
  durationMs: 56_000,
  // A person raises the epoch within 12 s of the set-back. The others are raised with a beat, and notes are asked for again at distances
  // of up to 10 s.
  liveAfterMs: 24_000,
  votesAfterMs: 24_000,
  servers: [3, 3, 3, 5, 1],
  handlersWithPolicies: ['short'],
};

/** Handlers that return late or never, with `giveUpAfterMs` and without, in a world of faults and after it. */
export const HUNG: Profile = {
  ...NORMAL,
  name: 'hung',
  durationMs: 110_000,
  healedAtMs: 30_000,
  handlersHang: true,
  handlers: [...Array<HandlerKind>(12).fill('short'), 'long', 'deaf', 'hung', 'late'],
  handlersWithPolicies: [
    ...Array<HandlerKind>(12).fill('short'),
    ...(['long', 'long', 'failing', 'failing', 'deaf', 'late', 'hung'] as const),
  ],
};

/**
 * Tasks that are due so seldom that nodes forget their lines from one tick to the next, while ticks are still made up for that are older. Every
 * instance bids for every tick, so that the ledger alone decides.
 */
export const PRUNING: Profile = {
  ...NORMAL,
  name: 'pruning',
  forgets: true,
  periodMs: 13_000,
  durationMs: 120_000,
  healedAtMs: 120_000,
  tasks: 4,
  options: { bidStaggerMs: 40, nodeTimeoutMs: 60 },
  network: BAD,
  everyInstanceBids: true,
  leastInstances: 2,
  servers: [3, 3, 3, 5, 1],
  handlers: ['short'],
  handlersWithPolicies: ['short', 'short', 'failing'],
};

/** Instances that leave in their runs while the others stand still, and such that die after claims whose answers were lost. */
export const DEPARTURES: Profile = {
  ...NORMAL,
  name: 'departures',
  hasDepartures: true,
  durationMs: 60_000,
  healedAtMs: 60_000,
  leastInstances: 4,
  servers: [3, 3, 3, 5, 1],
  handlers: ['short', 'short', 'long'],
  handlersWithPolicies: ['short', 'short', 'long'],
};

/** The same of tasks whose next tick is so far that no newer claim hides what became of the one before. */
export const SELDOM: Profile = {
  ...DEPARTURES,
  name: 'seldom',
  periodMs: 8_000,
  durationMs: 96_000,
  healedAtMs: 96_000,
};

export const PROFILES: readonly Profile[] = [
  ...[NORMAL, TORTURE, LIVENESS, IDENTITY, LEASES, SETS, CLOCKS, HUNG],
  ...[PRUNING, DEPARTURES, SELDOM],
];
