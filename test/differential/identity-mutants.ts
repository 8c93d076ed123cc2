// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the scripts of ids, notes, stamps and sets, made by hand: each removes or weakens one rule of a Lua text. */

import type { Breakage } from '../support/broken-copy.js';

const PRELUDE = 'redis/redis-scripts.ts';
const LEDGER = 'redis/ledger-scripts.ts';
const MEMBERS = 'redis/membership-scripts.ts';
const IDENTITY = 'redis/identity-scripts.ts';

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
    file: PRELUDE,
    find: 'known ~= named and counterOf(known) >= counterOf(named)',
    replace: 'known ~= named and counterOf(known) > counterOf(named)',
  },
  {
    name: 'ids are ordered as texts',
    file: PRELUDE,
    find: 'known ~= named and counterOf(known) >= counterOf(named)',
    replace: 'known > named',
  },
  {
    name: 'the leases of two sets may differ',
    file: PRELUDE,
    find: ' > union and one.leaseTtlMs == other.leaseTtlMs',
    replace: ' > union',
  },
  {
    name: 'majorities that may miss each other by one node pass',
    file: PRELUDE,
    find: 'quorumOf(#other.positions) > union and',
    replace: 'quorumOf(#other.positions) >= union and',
  },
];

const CLAIM_MUTANTS: readonly Breakage[] = [
  {
    name: 'a claim needs no stamp',
    file: LEDGER,
    find: 'if not other or own.generation > other.generation then',
    replace: 'if not other then return nil end\n  if own.generation > other.generation then',
  },
  {
    name: 'a newer generation need not stamp before it claims',
    file: LEDGER,
    find: 'if not other or own.generation > other.generation then',
    replace: 'if not other then',
  },
  {
    name: 'an older generation is let in',
    file: LEDGER,
    find: "if own.generation < other.generation then\n    return 'outdated'\n  end",
    replace: '',
  },
  {
    name: 'another set of the same generation is let in',
    file: LEDGER,
    find: "return not mustMeet(own, other) and 'conflict' or nil",
    replace: 'return nil',
  },
  {
    name: 'a set whose majorities must meet is refused',
    file: LEDGER,
    find: "return not mustMeet(own, other) and 'conflict' or nil",
    replace: "return 'conflict'",
  },
  {
    name: 'a claim may name another id of the node',
    file: LEDGER,
    find: 'if named[position] ~= id then',
    replace: 'if false then',
  },
  {
    name: 'a claim need not name the node itself',
    file: LEDGER,
    find: 'if named[position] ~= id then',
    replace: 'if named[position] and named[position] ~= id then',
  },
  {
    name: 'a claim may name an older id of another position',
    file: LEDGER,
    find: 'if isOutranked(named[other], known) then',
    replace: 'if false then',
  },
  {
    name: 'an id that the node has not noted refuses a claim',
    file: LEDGER,
    find: 'if isOutranked(named[other], known) then',
    replace: 'if named[other] ~= known then',
  },
  {
    name: 'an id without a vote votes',
    file: LEDGER,
    find: 'elseif vote ~= position then',
    replace: 'elseif false then',
  },
  {
    name: 'a vote counts at every position',
    file: LEDGER,
    find: 'elseif vote ~= position then',
    replace: 'elseif not vote then',
  },
  {
    name: 'a claim has no deadline',
    file: LEDGER,
    find: 'elseif deadline > 0 and now > deadline then',
    replace: 'elseif false then',
  },
  {
    name: 'the deadline is one ms late',
    file: LEDGER,
    find: 'elseif deadline > 0 and now > deadline then',
    replace: 'elseif deadline > 0 and now > deadline + 1 then',
  },
  {
    name: 'ids are looked at before the set',
    file: LEDGER,
    find: 'local refusal, refused = standing(), {}\nif not refusal then\n  refused = refusedIds()',
    replace:
      'local refusal, refused = nil, refusedIds()\nif #refused == 0 then\n  refusal = standing()\nend\nif not refusal then',
  },
  {
    name: 'the newest granted instant is not kept',
    file: LEDGER,
    find: 'if newHighest > highest then',
    replace: 'if false then',
  },
  {
    name: 'the newest granted instant may fall',
    file: LEDGER,
    find: 'newHighest = math.max(newHighest, tick)',
    replace: 'newHighest = tick',
  },
];

const NOTE_MUTANTS: readonly Breakage[] = [
  {
    name: 'a foreign set may have its ids noted',
    file: IDENTITY,
    find: "if isForeign(set) then\n  return { time[1], time[2], 'foreign' }\nend\nlocal field",
    replace: 'local field',
  },
  {
    name: 'an older id is noted',
    file: IDENTITY,
    find: 'if isOutranked(askedId, known) then',
    replace: 'if false then',
  },
  {
    name: 'an id is noted while the old one is in use',
    file: IDENTITY,
    find: 'if named == asked and namedId ~= askedId then',
    replace: 'if false then',
  },
  {
    name: 'an id that is named itself is in use',
    file: IDENTITY,
    find: 'if named == asked and namedId ~= askedId then',
    replace: 'if named == asked then',
  },
  {
    name: 'an id of any position is in use',
    file: IDENTITY,
    find: 'if named == asked and namedId ~= askedId then',
    replace: 'if namedId ~= askedId then',
  },
  {
    name: 'the note is not kept',
    file: IDENTITY,
    find: "redis.call('HSET', KEYS[1], field, askedId)\n",
    replace: '',
  },
  {
    name: 'a note has the time of the clock only',
    file: IDENTITY,
    find: 'math.max(now, highest, floor - ${EARLY_MS} - ${MARGIN_MS})',
    replace: 'now',
  },
  {
    name: 'a note names not the noter itself',
    file: IDENTITY,
    find: 'local ids = set.has[position] and { position, id } or {}',
    replace: 'local ids = {}',
  },
  {
    name: 'an id that votes is renumbered for no higher counter',
    file: IDENTITY,
    find: 'if id == ARGV[2] and (vote ~= ARGV[1] or counter > counterOf(id)) then',
    replace: 'if id == ARGV[2] then',
  },
  {
    name: 'whatever id stands is renumbered',
    file: IDENTITY,
    find: 'if id == ARGV[2] and (vote ~= ARGV[1] or counter > counterOf(id)) then',
    replace: 'if vote ~= ARGV[1] or counter > counterOf(id) then',
  },
  {
    name: 'a counter is lowered',
    file: IDENTITY,
    find: 'text(math.max(counter, counterOf(id)))',
    replace: 'text(counter)',
  },
  {
    name: 'an id that is given up does not wait anew',
    file: IDENTITY,
    find: "    redis.call('HSET', KEYS[1], 'idSince', text(now))\n",
    replace: '',
  },
  {
    name: 'a renumbered id keeps the vote of another position',
    file: IDENTITY,
    find: "  redis.call('HSET', KEYS[1], 'id', id)\n  redis.call('HDEL', KEYS[1], 'vote')\n",
    replace: "  redis.call('HSET', KEYS[1], 'id', id)\n",
  },
];

const CONFIRM_MUTANTS: readonly Breakage[] = [
  {
    name: 'another id is confirmed',
    file: IDENTITY,
    find: "if id ~= askedId then\n  return { time[1], time[2], 'other_id', id }\nend",
    replace: '',
  },
  {
    name: 'a foreign set confirms an id',
    file: IDENTITY,
    find: "if isForeign(set) then\n  return { time[1], time[2], 'foreign' }\nend\nif vote == position then",
    replace: 'if vote == position then',
  },
  {
    name: 'a note of a memory that is gone counts',
    file: IDENTITY,
    find: ' and newest[note.noter] == note.id and not isContested[note.noter]',
    replace: '',
  },
  {
    name: 'of two memories of one counter the first counts',
    file: IDENTITY,
    find: ' and not isContested[note.noter]',
    replace: '',
  },
  {
    name: 'notes are not compared with each other',
    file: IDENTITY,
    find: '    learn(ARGV[i], ARGV[i + 1])\n',
    replace: '',
  },
  {
    name: 'notes are not compared with what the node knows',
    file: IDENTITY,
    find: 'for of, ofId in pairs(notedIds(set.positions, position)) do\n  learn(of, ofId)\nend\nlocal notes',
    replace: 'local notes',
  },
  {
    name: 'a note for another id counts',
    file: IDENTITY,
    find: 'note.noted == id and newest',
    replace: 'newest',
  },
  {
    name: 'a note has no regard to what its noter may have forgotten',
    file: IDENTITY,
    find: 'math.max(now, highest, floor - ${EARLY_MS} - ${MARGIN_MS})',
    replace: 'math.max(now, highest)',
  },
  {
    name: 'a note of a noter without a vote counts in a set of five',
    file: IDENTITY,
    find: 'voting + (note.votes and 1 or 0)',
    replace: 'voting + 1',
  },
  {
    name: 'the notes of all others are not enough without their votes',
    file: IDENTITY,
    find: 'voting >= needed or have >= nodes - 1',
    replace: 'voting >= needed',
  },
  {
    name: 'two notes of one noter count twice',
    file: IDENTITY,
    find: '    counted[note.noter] = true\n',
    replace: '',
  },
  {
    name: 'a note of its own counts',
    file: IDENTITY,
    find: '{ [position] = true }',
    replace: '{}',
  },
  {
    name: 'one note less is enough in a set of four',
    file: IDENTITY,
    find: 'nodes % 2 == 0 and nodes - 1 or',
    replace: 'nodes % 2 == 0 and nodes - 2 or',
  },
  {
    name: 'f notes are enough',
    file: IDENTITY,
    find: '(nodes + 1) / 2)',
    replace: '(nodes - 1) / 2)',
  },
  {
    name: 'the wait ends one ms early',
    file: IDENTITY,
    find: 'now >= idSince + waitMs and',
    replace: 'now + 1 >= idSince + waitMs and',
  },
  {
    name: 'the wait ends also without a majority that knows',
    file: IDENTITY,
    find: ' and have >= quorumOf(nodes) - 1',
    replace: '',
  },
  {
    name: 'the floor stays below the notes',
    file: IDENTITY,
    find: 'if #notes > 0 then',
    replace: 'if false then',
  },
  {
    name: 'the floor is lowered to the notes',
    file: IDENTITY,
    find: 'text(math.max(floor, latest + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'text(latest + ${EARLY_MS} + ${MARGIN_MS})',
  },
  {
    name: 'the floor above the notes forgets MARGIN',
    file: IDENTITY,
    find: 'text(math.max(floor, latest + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'text(math.max(floor, latest + ${EARLY_MS}))',
  },
  {
    name: 'the time of the last note only counts',
    file: IDENTITY,
    find: 'latest = math.max(latest, tonumber(ARGV[at + 2]))',
    replace: 'latest = tonumber(ARGV[at + 2])',
  },
  {
    name: 'the ids in the notes are not taken over',
    file: IDENTITY,
    find: "    changes[#changes + 1] = 'n:' .. of\n    changes[#changes + 1] = ofId\n",
    replace: '',
  },
  {
    name: 'ids of strangers are taken over',
    file: IDENTITY,
    find: '  if not set.has[of] then\n    return\n  end\n',
    replace: '',
  },
];

const STAMP_MUTANTS: readonly Breakage[] = [
  {
    name: 'a stamp is written over any other',
    file: IDENTITY,
    find: "if stamp ~= ARGV[2] then\n  return { time[1], time[2], 'changed' }\nend",
    replace: '',
  },
  {
    name: 'a stamp has no deadline',
    file: IDENTITY,
    find: "if deadline > 0 and now > deadline then\n  return { time[1], time[2], 'too_late' }\nend",
    replace: '',
  },
  {
    name: 'a take-over does not raise the floor',
    file: IDENTITY,
    find: "if ARGV[3] == '1' then",
    replace: 'if false then',
  },
  {
    name: 'every stamp raises the floor',
    file: IDENTITY,
    find: "if ARGV[3] == '1' then",
    replace: 'if true then',
  },
  {
    name: 'a take-over lowers the floor',
    file: IDENTITY,
    find: "'floor', text(math.max(floor, from + ${EARLY_MS} + ${MARGIN_MS}))",
    replace: "'floor', text(from + ${EARLY_MS} + ${MARGIN_MS})",
  },
  {
    name: 'a take-over raises the floor by its own clock alone',
    file: IDENTITY,
    find: "math.max(now, tonumber(string.match(ARGV[1], '^%d+')))",
    replace: 'now',
  },
];

const SIGN_MUTANTS: readonly Breakage[] = [
  {
    name: 'a beat leaves no sign',
    file: MEMBERS,
    find: "redis.call('HSET', KEYS[3], instanceId, sign)\n",
    replace: '',
  },
  {
    name: 'a leave leaves the sign',
    file: MEMBERS,
    find: "redis.call('HDEL', KEYS[3], ARGV[1])\n",
    replace: '',
  },
  {
    name: 'the sign of a forgotten member stays',
    file: MEMBERS,
    find: "  redis.call('HDEL', KEYS[3], unpack(forgotten))\n",
    replace: '',
  },
  {
    name: 'signs never expire',
    file: MEMBERS,
    find: "redis.call('PEXPIRE', KEYS[3], '${FORGET_MEMBER_AFTER_MS}')\n",
    replace: '',
  },
  {
    name: 'a set is shown by instances that yield',
    file: MEMBERS,
    find: "if yields == '0' then",
    replace: 'if true then',
  },
  {
    name: 'the caller’s own set is shown',
    file: MEMBERS,
    find: "not string.find(shown, ' ' .. setText .. '|', 1, true)",
    replace: 'true',
  },
  {
    name: 'a set stands since its newest instance says so',
    file: MEMBERS,
    find: 'tonumber(stands) < tonumber(liveSet[2])',
    replace: 'tonumber(stands) > tonumber(liveSet[2])',
  },
  {
    name: 'the instances of a set are not counted',
    file: MEMBERS,
    find: '      liveSet[3] = liveSet[3] + 1\n',
    replace: '',
  },
  {
    name: 'a beat says that the id votes at any position',
    file: MEMBERS,
    find: 'vote == position and 1 or 0',
    replace: 'vote and 1 or 0',
  },
];

export const IDENTITY_MUTANTS: readonly Breakage[] = [
  ...ID_MUTANTS,
  ...CLAIM_MUTANTS,
  ...NOTE_MUTANTS,
  ...CONFIRM_MUTANTS,
  ...STAMP_MUTANTS,
  ...SIGN_MUTANTS,
];
