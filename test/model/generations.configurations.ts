/** The worlds of generations.pml: 3 nodes become 4, and 4 become 5. */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

export const GENERATIONS: readonly Configuration[] = of('generations', [
  quick(holds('generations: 3 nodes become 4, 2 losses', 'FORGETS=2')),
  holds('generations: 3 nodes become 4, 3 losses', 'FORGETS=3'),
  holds('generations: 4 nodes become 5, 2 losses', 'FIRST_SIZE=4 FORGETS=2'),
  fails('generations, limit: 3 nodes become 5 at once', 'STEP=2'),
  fails('generations, limit: a tick outlives two changes', 'GENERATIONS=3'),
  fails('generations: no floor', 'FORGETS=1 NO_FLOOR'),
  fails('generations: a new stamp forgets the votes', 'STAMPS_FORGET_VOTES'),
  reachable('generations: a claim meets a vote for the older set', 'REACH=TAKEN_ELSEWHERE'),
  reachable('generations: the older set wins beside the newer stamp', 'REACH=OLDER_WINS'),
  reachable('generations: the newer set wins', 'REACH=NEWER_WINS'),
  reachable('generations: a node that forgot is stamped again', 'REACH=EMPTY_AGAIN'),
  reachable('generations: a claim of the older set is refused', 'REACH=OUTDATED'),
]);
