/** The worlds of identity.pml: which server is meant by a node. */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

const ONE_AND_ONE = 'LOSSES=1 FORKS=1 LIVES=2';
const ONE_FORK = 'LOSSES=0 FORKS=1 LIVES=2';
const TWO_FORKS = 'LOSSES=0 FORKS=2 LIVES=2';
/** With five nodes a new server finds nothing, and only claims that are counted leave votes: else no search ends. */
const FIVE = 'N=5 LIVES=2 ONLY_EMPTY ONLY_COUNTED';
const LIVENESS = 'LIVENESS LIVES=2 HIGHEST=3 RETIREMENT';

/** At most f positions are in doubt at a time while an old server lives beside a new one. */
const SAFETY = [
  quick(holds('identity: 3 nodes, 1 fork', ONE_FORK)),
  holds('identity: 3 nodes, 2 losses of one or two servers', 'LOSSES=2 FORKS=0 LIVES=3'),
  holds('identity: 3 nodes, 1 fork and 1 loss', ONE_AND_ONE),
  holds('identity: 3 nodes, 2 forks, one after the other', TWO_FORKS),
  holds('identity: 3 nodes, 2 losses, votes by force', 'LOSSES=2 FORKS=0 LIVES=2 FORCED'),
  holds('identity: 3 nodes, 1 fork, old ids are retired', 'LOSSES=0 FORKS=1 LIVES=2 RETIREMENT'),
  holds('identity: 5 nodes, 1 fork', `${FIVE} LOSSES=0 FORKS=1`),
];

/** Outside what is promised: these windows must be there, and nowhere else. */
const LIMITS = [
  fails('identity, limit: 1 fork and 1 loss, votes by force', `${ONE_AND_ONE} FORCED`),
  fails('identity, limit: 2 positions in doubt at a time', `${TWO_FORKS} TOLERATED=2`),
];

const BREAKAGES = [
  fails('identity: names of other positions are not looked at', `${ONE_AND_ONE} NO_NAMES`),
  fails('identity: an id of the same counter passes', `${ONE_AND_ONE} CONFLICTS_PASS`),
  fails('identity: noted by f others only', `${ONE_AND_ONE} NOTED_BY_F`),
  fails('identity: 5 nodes, 2 forks, notes of anybody', `${FIVE} LOSSES=0 FORKS=2 ANY_NOTES FAULTS_AT=3`),
  fails('identity: a note is not kept', `${ONE_AND_ONE} NOTE_IS_NOT_KEPT`),
  fails('identity: notes say no time', `${ONE_AND_ONE} NO_TIME_IN_NOTES`),
  fails('identity: the time of a note is not above the floor', `${ONE_AND_ONE} TIME_IS_NOT_FLOOR`),
  fails('identity: the ids in notes are not taken over', `${ONE_AND_ONE} IDS_NOT_TAKEN_OVER`),
  fails('identity: notes say no ids', `${ONE_AND_ONE} NOTES_WITHOUT_IDS`),
  fails('identity: no floor when a new id is made', `${ONE_AND_ONE} NO_BIRTH_FLOOR`),
  fails('identity: void notes count', `${TWO_FORKS} NO_VOID`),
  quick(
    fails(
      'identity: a retired id, its claims before its floor',
      `${ONE_FORK} RETIREMENT SAME_CLAIM_BEFORE_FLOOR`,
    ),
  ),
  fails(
    'identity: a retired id, votes of several rounds are added',
    'LOSSES=0 FORKS=1 LIVES=2 RETIREMENT ROUNDS_ARE_MIXED',
  ),
];

const LIVENESS_WORLDS = [
  holds('identity, liveness: 3 nodes, 1 loss', `${LIVENESS} FORKS=0 LOSSES=1`),
  holds(
    'identity, liveness: 3 nodes, 1 fork and the way back, counters to 2',
    'LIVENESS LIVES=2 HIGHEST=2 RETIREMENT FORKS=1 LOSSES=0',
  ),
  fails('identity, liveness: no way back without a new id', 'LIVENESS LIVES=2 HIGHEST=3 FORKS=1 LOSSES=0'),
  fails('identity, liveness: ids are not renumbered', `${LIVENESS} FORKS=0 LOSSES=2 NO_RENUMBER`),
  fails(
    'identity, liveness: nodes without a vote do not note',
    `${LIVENESS} FORKS=0 LOSSES=2 VOTELESS_DO_NOT_NOTE`,
  ),
  fails(
    'identity, liveness: beats name nodes that are silent',
    `${LIVENESS} FORKS=0 LOSSES=2 BEATS_NAME_THE_SILENT`,
  ),
];

const PLACES = [
  reachable('identity: a node notes after its vote', `${ONE_FORK} REACH=NOTED_LATE`),
  reachable('identity: a claim is refused for an old name', `${ONE_FORK} REACH=REFUSED_BY_NAME`),
  reachable('identity: a floor covers a tick by a note', `${ONE_FORK} REACH=COVERED_BY_NOTE`),
  reachable('identity: a note is void', `${TWO_FORKS} REACH=VOID_NOTE`),
  reachable('identity: an id that is not newer is renumbered', `${ONE_FORK} REACH=RENUMBERED`),
  reachable('identity: a claim wins with a new server', `${ONE_FORK} REACH=NEW_WINS`),
  reachable('identity: a claim wins with an old server beside a new one', `${ONE_FORK} REACH=OLD_WINS`),
  reachable(
    'identity, liveness: an old server votes under a new id',
    `${LIVENESS} FORKS=1 LOSSES=0 REACH=RETIRED`,
  ),
  reachable('identity, liveness: a note waits for a beat', `${LIVENESS} FORKS=1 LOSSES=0 REACH=IN_USE`),
];

export const IDENTITY: readonly Configuration[] = of('identity', [
  ...SAFETY,
  ...LIVENESS_WORLDS.filter(({ expected }) => expected === 'holds'),
  ...LIMITS,
  ...BREAKAGES,
  ...LIVENESS_WORLDS.filter(({ expected }) => expected === 'fails'),
  ...PLACES,
]);
