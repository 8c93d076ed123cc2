/** The worlds in which nodes forget old lines on purpose: what that must not double (tick.pml), and what it must not cost (prune.pml). */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

const DOUBLES = 'ONLY_STARTS PRUNES LOSSES=0';

export const PRUNE: readonly Configuration[] = [
  ...of('tick', [
    quick(holds('prune, plain: 3 nodes, 2 claims on 1 tick, 1 loss', 'PRUNES TICKS=1 LOSSES=1')),
    quick(holds('prune: 3 nodes, any claims on 2 ticks, 1 loss', 'PRUNES CONTENDERS LOSSES=1')),
    holds('prune: 3 nodes, any claims on 2 ticks, 3 losses', 'PRUNES CONTENDERS LOSSES=3'),
    holds('prune: 3 nodes, 2 claims on each of 2 ticks', 'PRUNES REDUCED LOSSES=0'),
    quick(fails('prune: lines go without a floor', `${DOUBLES} PRUNED_WITHOUT_FLOOR TICKS=1`)),
    quick(fails('prune: the floor is written after the lines have gone', `${DOUBLES} PRUNED_LATER TICKS=1`)),
    quick(fails('prune: the floor may be lowered', `${DOUBLES} PRUNED_LOWERED CONTENDERS`)),
    quick(fails('prune: what is given back returns to nothing', `${DOUBLES} PRUNED_TO_NOTHING CONTENDERS`)),
    reachable('prune: what has gone refuses a claim', 'PRUNES CONTENDERS LOSSES=0 REACH=PRUNED_REFUSES'),
    reachable('prune: a line stands anew, and is given back', 'PRUNES CONTENDERS LOSSES=0 REACH=GROWN_ANEW'),
  ]),
  ...of('prune', [
    quick(holds('prune: what windows allow is granted', 'END=7')),
    holds('prune: what windows allow is granted, for longer', 'END=12'),
    quick(fails('prune: the window that was told last counts', 'LAST_TOLD')),
    quick(fails('prune: a window without what passes until it is told again', 'NO_SLACK')),
    quick(fails('prune: the floor counts for tasks with a line', 'COUNTS_FOR_ALL')),
    reachable('prune: a line goes', 'REACH=FORGOTTEN'),
    reachable('prune: a task whose line went goes on', 'REACH=GRANTED_ANEW'),
    reachable('prune: what went is refused', 'REACH=REFUSED_SINCE'),
  ]),
];
