/** The worlds of locks.pml: run locks when a name comes to mean another server. */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

export const LOCKS: readonly Configuration[] = of('locks', [
  quick(holds('locks: a name moves, a time to live of 2 steps', 'TTL=2')),
  holds('locks: a name moves, a time to live of 3 steps', 'TTL=3'),
  quick(fails('locks: names of other positions are not looked at', 'NAMES_ARE_NOT_LOOKED_AT')),
  quick(fails('locks: a vote begins no quarantine', 'A_VOTE_BEGINS_NO_QUARANTINE')),
  quick(fails('locks: the messages of one request name different servers', 'NAMES_ARE_MIXED')),
  quick(fails('locks: the claim after a lock names another server', 'CLAIM_NAMES_ANYTHING')),
  quick(fails('locks: a vote is not needed', 'A_VOTE_IS_NOT_NEEDED')),
  quick(fails('locks: one of the others has noted the new server', 'ANY_OF_THE_OTHERS')),
  reachable('locks: a server that knows the new one refuses a renewal', 'REACH=REFUSED_BY_NAME'),
  reachable('locks: the quarantine of a vote refuses a lock', 'REACH=QUARANTINED'),
  reachable('locks: a renewal makes a lock anew in quarantine', 'REACH=REVIVED'),
  reachable('locks: a renewal makes a lock that is missing elsewhere', 'REACH=HEALED'),
  reachable('locks: somebody trusts by the new server', 'REACH=NEW_COUNTS'),
  reachable('locks: a renewal on the old server beside a note', 'REACH=RENEWED_ON_OLD'),
]);
