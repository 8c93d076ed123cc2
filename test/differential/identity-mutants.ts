// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the scripts of ids, stamps and sets, made by hand: each removes or weakens one rule of a Lua text. */

import type { Breakage } from '../support/broken-copy.js';
import { STAMP_AND_SIGN_MUTANTS } from './stamp-mutants.js';

const PRELUDE = 'redis/scripts/redis-scripts.ts';
const SETS = 'redis/scripts/set-functions.ts';
const LEDGER = 'redis/scripts/ledger-scripts.ts';
const VOTES = 'redis/scripts/vote-functions.ts';

const ID_MUTANTS: readonly Breakage[] = [
  {
    name: 'the version on record is not looked at',
    file: PRELUDE,
    find: "if version and version ~= '${PROTOCOL_VERSION}' then",
    replace: 'if false then',
  },
  {
    name: 'a new incarnation keeps the id',
    file: PRELUDE,
    find: "  id = text(counterOf(id) + 1) .. '.'",
    replace: "  id = id or '1.'",
  },
  {
    name: 'a new incarnation begins its counter anew',
    file: PRELUDE,
    find: 'text(counterOf(id) + 1)',
    replace: "'1'",
  },
  {
    name: 'a new incarnation keeps its vote',
    file: PRELUDE,
    find: "  redis.call('HDEL', KEYS[1], 'vote')\n",
    replace: '',
  },
  {
    name: 'the script that makes a new id goes on with the old vote',
    file: PRELUDE,
    find: 'vote, idSince = false, now',
    replace: 'idSince = now',
  },
  {
    name: 'a new id has listened as long as the old one',
    file: PRELUDE,
    find: 'vote, idSince = false, now',
    replace: 'vote = false',
  },
  {
    name: 'a step back of the clock makes a new id',
    file: PRELUDE,
    find: 'if stored[2] ~= incarnation then',
    replace: 'if stored[2] ~= incarnation or since > now then',
  },
  {
    name: 'a step back of the clock leaves the time of listening ahead',
    file: PRELUDE,
    find: '  idSince = math.min(idSince, now)\n',
    replace: '',
  },
  {
    name: 'an id is outranked only by a newer one',
    file: SETS,
    find: 'known ~= named and counterOf(known) >= counterOf(named)',
    replace: 'known ~= named and counterOf(known) > counterOf(named)',
  },
  {
    name: 'ids are ordered as texts',
    file: SETS,
    find: 'known ~= named and counterOf(known) >= counterOf(named)',
    replace: 'known > named',
  },
  {
    name: 'the leases of two sets may differ',
    file: SETS,
    find: ' > union and one.leaseTtlMs == other.leaseTtlMs',
    replace: ' > union',
  },
  {
    name: 'majorities that may miss each other by one node pass',
    file: SETS,
    find: 'quorumOf(#other.positions) > union and',
    replace: 'quorumOf(#other.positions) >= union and',
  },
];

const CLAIM_MUTANTS: readonly Breakage[] = [
  {
    name: 'a provisional stamp of the set lets claims pass',
    file: VOTES,
    find: "return isProvisional() and 'unstamped' or nil",
    replace: 'return nil',
  },
  {
    name: 'a provisional stamp of a set that must meet lets claims pass',
    file: VOTES,
    find: "'conflict' or (isProvisional() and 'unstamped' or nil)",
    replace: "'conflict' or nil",
  },
  {
    name: 'a claim needs no stamp',
    file: VOTES,
    find: 'if not other or own.generation > other.generation then',
    replace: 'if not other then return nil end\n  if own.generation > other.generation then',
  },
  {
    name: 'a newer generation need not stamp before it claims',
    file: VOTES,
    find: 'if not other or own.generation > other.generation then',
    replace: 'if not other then',
  },
  {
    name: 'an older generation is let in',
    file: VOTES,
    find: "if own.generation < other.generation then\n    return 'outdated'\n  end",
    replace: '',
  },
  {
    name: 'another set of the same generation is let in',
    file: VOTES,
    find: "return not mustMeet(own, other) and 'conflict' or (isProvisional() and 'unstamped' or nil)",
    replace: "return isProvisional() and 'unstamped' or nil",
  },
  {
    name: 'a set whose majorities must meet is refused',
    file: VOTES,
    find: "return not mustMeet(own, other) and 'conflict' or (isProvisional() and 'unstamped' or nil)",
    replace: "return 'conflict'",
  },
  {
    name: 'a message may name another id of the node',
    file: SETS,
    find: 'if named[own] ~= id then',
    replace: 'if false then',
  },
  {
    name: 'a message need not name the node itself',
    file: SETS,
    find: 'if named[own] ~= id then',
    replace: 'if named[own] and named[own] ~= id then',
  },
  {
    name: 'a message may name an older id of another position',
    file: SETS,
    find: 'if isOutranked(named[other], known) then',
    replace: 'if false then',
  },
  {
    name: 'an id that the node has not noted refuses a message',
    file: SETS,
    find: 'if isOutranked(named[other], known) then',
    replace: 'if named[other] ~= known then',
  },
  {
    name: 'an id without a vote votes',
    file: VOTES,
    find: "if vote ~= position then\n    return 'unconfirmed'",
    replace: "if false then\n    return 'unconfirmed'",
  },
  {
    name: 'a vote counts at every position',
    file: VOTES,
    find: "if vote ~= position then\n    return 'unconfirmed'",
    replace: "if not vote then\n    return 'unconfirmed'",
  },
  {
    name: 'a claim has no deadline',
    file: VOTES,
    find: "return deadline > 0 and now > deadline and 'too_late' or nil",
    replace: 'return nil',
  },
  {
    name: 'the deadline is one ms late',
    file: VOTES,
    find: "return deadline > 0 and now > deadline and 'too_late' or nil",
    replace: "return deadline > 0 and now > deadline + 1 and 'too_late' or nil",
  },
  {
    name: 'ids are looked at before the set',
    file: LEDGER,
    find: 'local refusal, refused = standing(ARGV[2]), {}\nif not refusal then\n  refused = refusedIds(position, 5, firstClaim - 1)',
    replace:
      'local refusal, refused = nil, refusedIds(position, 5, firstClaim - 1)\nif #refused == 0 then\n  refusal = standing(ARGV[2])\nend\nif not refusal then',
  },
  {
    name: 'the newest granted instant is not kept',
    file: VOTES,
    find: 'if newHighest > highest then',
    replace: 'if false then',
  },
  {
    name: 'the newest granted instant may fall',
    file: VOTES,
    find: 'newHighest = math.max(newHighest, tick)',
    replace: 'newHighest = tick',
  },
];

export const IDENTITY_MUTANTS: readonly Breakage[] = [
  ...ID_MUTANTS,
  ...CLAIM_MUTANTS,
  ...STAMP_AND_SIGN_MUTANTS,
];
