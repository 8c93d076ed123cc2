/** Breakages of the script that locks and claims in one step, made by hand. */

import type { Breakage } from '../support/broken-copy.js';

const BID = 'redis/scripts/bid-script.ts';
const VOTES = 'redis/scripts/vote-functions.ts';

export const BID_MUTANTS: readonly Breakage[] = [
  {
    name: 'a claim is granted without its lock',
    file: BID,
    find: "local hasLock = reply[i + 2] == 'acquired'",
    replace: 'local hasLock = true',
  },
  {
    name: 'a claim goes by the lock before its own',
    file: BID,
    find: 'reply[i + 2] ==',
    replace: 'reply[i + 1] ==',
  },
  {
    name: 'a claim that stands is not told where its lock is refused',
    file: VOTES,
    find: '  if tick == newest.tick and claimId == newest.claimId then',
    replace:
      "  if not mayGrant then\n    return 'not_asked'\n  end\n  if tick == newest.tick and claimId == newest.claimId then",
  },
  {
    name: 'a bid is asked for no set',
    file: BID,
    find: 'standing(ARGV[#ARGV]) or ',
    replace: '',
  },
  {
    name: 'a bid that names no id is let through',
    file: BID,
    find: 'firstLock == 6 or ',
    replace: '',
  },
  {
    name: 'the ids of a bid are not looked at',
    file: BID,
    find: 'local isRenamed = firstLock == 6 or #refused > 0',
    replace: 'local isRenamed = firstLock == 6',
  },
  {
    name: 'the claims of a bid are not stored',
    file: BID,
    find: 'storeGrants()\n',
    replace: '',
  },
  {
    name: 'a bid claims for the wrong line',
    file: BID,
    find: 'voteFor(ARGV[first + 2], tonumber(ARGV[first + 3])',
    replace: 'voteFor(tasks[1], tonumber(ARGV[first + 3])',
  },
];
