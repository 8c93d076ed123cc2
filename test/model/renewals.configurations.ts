/** The worlds of renewals.pml: renewals that make a missing lock again. */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

export const RENEWALS: readonly Configuration[] = of('renewals', [
  quick(holds('renewals: a holder that is taken for dead, and its successor', 'NODES=3')),
  quick(holds('renewals: no lock is made again', 'MAKES_NO_LOCK')),
  quick(fails('renewals: claims are not looked at', 'NO_LOOK_AT_CLAIMS')),
  quick(fails('renewals: claims are looked at where the lock is gone only', 'LOOK_WHERE_THE_LOCK_IS_GONE')),
  quick(fails('renewals: the holder’s own claims are not shown', 'OWN_CLAIMS_ARE_NOT_SHOWN')),
  reachable('renewals: a node makes a missing lock', 'REACH=MADE_AGAIN'),
  reachable('renewals: a node refuses though nobody else has the lock there', 'REACH=REFUSED_BY_CLAIM'),
  reachable('renewals: the lock stands everywhere again', 'REACH=HEALED'),
  reachable('renewals: the holder stays lost after its successor has let go', 'REACH=STAYS_LOST'),
]);
