/** The worlds in which the models are checked, and the breakages that they must not survive. */

import type { Configuration } from './configuration.js';
import { GENERATIONS } from './generations.configurations.js';
import { IDENTITY } from './identity.configurations.js';
import { LOCKS } from './locks.configurations.js';
import { PRUNE } from './prune.configurations.js';
import { RENEWALS } from './renewals.configurations.js';
import { RESENDS } from './resends.configurations.js';
import { SETS } from './sets.configurations.js';

type Row = Omit<Configuration, 'model'>;

const quick = { isQuick: true } as const;
const slow = { isQuick: false } as const;

/** Without any reduction: every node, claim, reading and state of memory for itself. */
const PLAIN: readonly Row[] = [
  { ...quick, ...holds('plain: 3 nodes, 2 claims on 1 tick, 1 loss'), defines: 'TICKS=1 LOSSES=1' },
  {
    ...quick,
    ...holds('plain: 3 nodes, 1 claim on each of 2 ticks, 1 loss'),
    defines: 'INSTANCES=1 TICKS=2 LOSSES=1',
  },
  { ...slow, ...holds('plain: 3 nodes, 2 claims on 1 tick, 3 losses'), defines: 'TICKS=1 LOSSES=3' },
  {
    ...slow,
    ...holds('plain: 3 nodes, 3 claims on 1 tick, 2 losses'),
    defines: 'INSTANCES=3 TICKS=1 LOSSES=2',
  },
  {
    ...slow,
    ...holds('plain, MARGIN 2: 3 nodes, 2 claims on 1 tick, 2 losses'),
    defines: 'MARGIN=2 TICKS=1 LOSSES=2',
  },
];

/** Like nodes, claims, readings and entries taken as one. */
const REDUCED: readonly Row[] = [
  { ...slow, ...holds('3 nodes, 2 claims on each of 2 ticks, 2 losses'), defines: 'REDUCED LOSSES=2' },
  { ...slow, ...holds('5 nodes, 2 claims on 1 tick, 3 losses'), defines: 'REDUCED NODES=5 TICKS=1 LOSSES=3' },
];

/** Any number of instances and attempts: two that compete, and one for all that were given up. */
const CONTENDERS: readonly Row[] = [
  { ...quick, ...holds('3 nodes, any claims on 2 ticks, 3 losses'), defines: 'CONTENDERS LOSSES=3' },
  { ...slow, ...holds('3 nodes, any claims on 3 ticks, 3 losses'), defines: 'CONTENDERS TICKS=3 LOSSES=3' },
  { ...quick, ...holds('5 nodes, any claims on 2 ticks, no loss'), defines: 'CONTENDERS NODES=5 LOSSES=0' },
  { ...slow, ...holds('5 nodes, any claims on 2 ticks, 3 losses'), defines: 'CONTENDERS NODES=5 LOSSES=3' },
];

/** Each takes one rule away, and must double a tick. */
const BREAKAGES: readonly Row[] = [
  fails('no floor', 'TICKS=1 NO_FLOOR'),
  { ...fails('the incarnation is not looked at', 'REDUCED NO_INCARNATION'), isQuick: false },
  fails('no EARLY check', 'TICKS=1 NO_EARLY'),
  fails('MARGIN 0, a clock stands back', 'TICKS=1 MARGIN=0 REGRESS=1'),
  fails('a clock stands back by more than MARGIN', 'TICKS=1 REGRESS=2'),
  fails('MARGIN is meant for each loss, and two follow each other', 'TICKS=1 BOUND_FROM_LOSS LOSSES=2'),
  fails('a clock steps back, and only then memory is lost', 'TICKS=1 BOUND_FROM_STEP LOSSES=2'),
  fails('the floor may be lowered', 'TICKS=1 NO_MAX LOSSES=2'),
  fails('give-back without compare', 'INSTANCES=3 TICKS=1 NO_COMPARE LOSSES=0'),
  fails('a late grant counts after the give-back', 'TICKS=1 LATE_GRANT_COUNTS LOSSES=0'),
  fails('quorum is half of 3 nodes', 'TICKS=1 QUORUM=NODES/2 LOSSES=0'),
  fails('quorum is half of 5 nodes', 'NODES=5 TICKS=1 QUORUM=NODES/2 LOSSES=0'),
  fails('claim id made from the tick', 'TICKS=1 ID_OF_TICK LOSSES=0'),
  fails('claim id shared by the attempts of an instance', 'INSTANCES=3 TICKS=1 ID_OF_INSTANCE LOSSES=0'),
  fails('an older tick is granted', 'CONTENDERS OLDER_TICK LOSSES=0'),
];

/** Places that a model which shows nothing would never get to. */
const PLACES: readonly Row[] = [
  reachable('a vote is contested', 'TICKS=1 REACH=CONTESTED'),
  reachable('a tick starts with votes that were given back', 'TICKS=1 REACH=GIVEN_TO_OTHER'),
  reachable('the floor refuses a claim', 'TICKS=1 REACH=FLOOR_REFUSES'),
  reachable('a standing claim is not granted again below the floor', 'TICKS=1 REACH=STANDING_REFUSED'),
  reachable('a vote for a claim that was given up', 'TICKS=1 REACH=GRANT_TOO_LATE'),
  reachable('a give-back meets another claim', 'TICKS=1 REACH=OTHER_STANDS'),
  reachable('a tick starts after 3 losses', 'TICKS=1 LOSSES=3 REACH=AFTER_LOSSES'),
  reachable('both ticks start', 'CONTENDERS LOSSES=0 REACH=BOTH_TICKS'),
  reachable('a floor is raised by a clock that stands back', 'TICKS=1 REACH=CLOCK_BEHIND'),
];

/** Only constants differ between plain worlds, not the text of the program. */
export function isPlain({ model, defines }: Configuration): boolean {
  return model === 'tick' && !/REDUCED|CONTENDERS|PRUNES/.test(defines);
}

const TICK: readonly Configuration[] = [...PLAIN, ...REDUCED, ...CONTENDERS, ...BREAKAGES, ...PLACES].map(
  (row) => ({ ...row, model: 'tick' }),
);

export const CONFIGURATIONS: readonly Configuration[] = [
  ...TICK,
  ...IDENTITY,
  ...RESENDS,
  ...SETS,
  ...GENERATIONS,
  ...LOCKS,
  ...RENEWALS,
  ...PRUNE,
];

function holds(name: string): Pick<Row, 'name' | 'expected'> {
  return { name, expected: 'holds' };
}

function fails(name: string, defines: string): Row {
  return { name, defines: `ONLY_STARTS ${defines}`, expected: 'fails', isQuick: true };
}

function reachable(name: string, defines: string): Row {
  return { name, defines, expected: 'reachable', isQuick: false };
}
