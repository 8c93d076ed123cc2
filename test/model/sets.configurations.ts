/** The worlds of sets.pml: {1} and {1, 2, 3}, two sets whose majorities need not meet. */

import { type Configuration, fails, holds, of } from './configuration.js';

export const SETS: readonly Configuration[] = of('sets', [
  holds('sets: {1} and {1, 2, 3}, nothing is forgotten', 'FORGETS=0'),
  fails('sets: a start stamps in one round', 'FORGETS=0 ONE_ROUND_OF_STAMPS'),
  fails('sets: stamps carry no time', 'FORGETS=0 STAMPS_WITHOUT_TIME'),
  fails('sets: stamps are not looked at', 'FORGETS=0 STAMPS_ARE_NOT_LOOKED_AT'),
]);
