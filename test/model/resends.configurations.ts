/** The worlds of resends.pml: one claim in several copies, and its give-backs. */

import { type Configuration, fails, holds, of, quick, reachable } from './configuration.js';

export const RESENDS: readonly Configuration[] = of('resends', [
  quick(holds('resends: 2 copies on 1 node, 2 connections end', 'N=1')),
  holds('resends: 2 copies on 1 node, 3 connections end, 3 deadlines', 'N=1 BREAKS=3 LATEST=2'),
  holds('resends and ids: 2 copies on 1 node that forgets, 2 connections end', 'N=1 LOSSES=1'),
  fails('resends: sent again after its give-back', 'N=1 SENT_AFTER_GIVE_BACK'),
  fails('resends: copies have no deadline', 'N=1 NO_DEADLINE'),
  fails('resends: only the deadline of the last copy is kept', 'N=1 DEADLINE_OF_LAST_COPY'),
  quick(fails('resends: any answer confirms a give-back', 'N=1 ANY_ANSWER_CONFIRMS')),
  fails('resends: open copies are looked at on the answer', 'N=1 LOOKED_AT_ON_ANSWER'),
  fails('resends: a give-back is sent once', 'N=1 GIVEN_BACK_ONCE'),
  holds('resends and ids: names are not looked at', 'N=1 LOSSES=1 NAMES_ARE_NOT_LOOKED_AT'),
  fails('resends and ids: any answer confirms a give-back', 'N=1 LOSSES=1 ANY_ANSWER_CONFIRMS'),
  reachable('resends: a copy is applied after a give-back', 'N=1 REACH=STALE_COPY'),
  reachable('resends: a copy is too late', 'N=1 REACH=TOO_LATE'),
  reachable('resends: an answer confirms nothing', 'N=1 REACH=UNCONFIRMED'),
  reachable('resends: x wins by its resend', 'N=1 REACH=RESEND_WINS'),
  reachable('resends: both copies are granted', 'N=1 REACH=TWICE_GRANTED'),
  reachable('resends: y wins where x stood', 'N=1 REACH=Y_AFTER_X'),
  reachable('resends and ids: a copy names a memory that is gone', 'N=1 LOSSES=1 REACH=RENAMED'),
  reachable('resends and ids: x wins with the new memory', 'N=1 LOSSES=1 REACH=WINS_RENAMED'),
]);
