/** The worlds of sets.pml: two sets whose majorities need not meet, {1} and {1, 2, 3}, or {1, 2, 3} and {3, 4, 5}. */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

const KNOWN = 'FORGETS=0';
const FORGOTTEN = 'FORGETS=1';

export const SETS: readonly Configuration[] = of('sets', [
  holds('sets: {1} and {1, 2, 3}, nothing is forgotten', KNOWN),
  holds('sets: {1} and {1, 2, 3}, a node forgets', FORGOTTEN),
  quick(fails('sets: a start stamps in one round', `${KNOWN} ONE_ROUND_OF_STAMPS`)),
  fails('sets: stamps carry no time', `${KNOWN} STAMPS_WITHOUT_TIME`),
  fails('sets: stamps are not looked at', `${KNOWN} STAMPS_ARE_NOT_LOOKED_AT`),
  fails('sets: a minority of the recorded set is enough to take over', `${KNOWN} TAKES_OVER_A_MINORITY`),
  fails('sets: a set that stands and yields counts as gone', `${FORGOTTEN} WHO_YIELDS_IS_GONE`),
  fails('sets: it yields on answers older than its stamps', `${FORGOTTEN} YIELDS_ON_OLD_ANSWERS`),
  fails('sets: it yields with stamps under way', `${FORGOTTEN} YIELDS_WITH_STAMPS_OUT`),
  fails('sets: a first start takes no floor from a young node', `${FORGOTTEN} FIRST_START_WITHOUT_FLOOR`),
  fails('sets: beats show no sets', `${FORGOTTEN} BEATS_SHOW_NO_SETS`),
  fails('sets: nodes need not have listened', `${FORGOTTEN} NO_LISTENING`),
  fails('sets: a majority of answers is enough for a first start', `${FORGOTTEN} STAMPS_BY_MAJORITY`),
  fails('sets: it yields without knowing a majority of its nodes', `${FORGOTTEN} YIELDS_WITHOUT_MAJORITY`),
  holds('sets, liveness: nothing is forgotten', `${KNOWN} LIVENESS`),
  fails('sets, liveness: names come before records', `${KNOWN} LIVENESS NAMES_BEFORE_RECORDS`),
  reachable('sets, limit: a set is not heard where it was forgotten', `${FORGOTTEN} REACH=LIMIT_DOUBLES`),
  reachable('sets: a recorded set is taken over', `${KNOWN} REACH=TAKEN_OVER`),
  reachable('sets: an empty node is stamped by a set that stands', `${FORGOTTEN} REACH=STAMPED_EMPTY`),
  reachable('sets: a set yields', `${KNOWN} REACH=YIELDED`),
  reachable('sets: a stamp is too late', `${KNOWN} REACH=STAMP_TOO_LATE`),
]);
