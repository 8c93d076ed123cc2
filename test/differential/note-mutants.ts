// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the scripts that note ids and confirm them, made by hand: each removes or weakens one rule of a Lua text. */

import type { Breakage } from '../support/broken-copy.js';

const IDENTITY = 'redis/scripts/identity-scripts.ts';
const CONFIRM = 'redis/scripts/confirm-script.ts';

const NOTING_MUTANTS: readonly Breakage[] = [
  {
    name: 'a foreign set may have its ids noted',
    file: IDENTITY,
    find: "if isForeign(set) then\n  return { time[1], time[2], 'foreign' }\nend\nlocal field",
    replace: 'local field',
  },
  {
    name: 'an id is noted while whoever uses another one connects anew',
    file: IDENTITY,
    find: "local _, _, recent = living('')",
    replace: "local recent = living('')",
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
    name: 'an id gives its vote up for no higher counter',
    file: IDENTITY,
    find: '(vote ~= ARGV[1] or counter > counterOf(id))',
    replace: 'true',
  },
  {
    name: 'an id never gives its vote up',
    file: IDENTITY,
    find: '(vote ~= ARGV[1] or counter > counterOf(id))',
    replace: 'vote ~= ARGV[1]',
  },
  {
    name: 'an id that gave its vote up waits no longer',
    file: IDENTITY,
    find: "    redis.call('HSET', KEYS[1], 'idSince', text(now))\n",
    replace: '',
  },
  {
    name: 'whatever id stands is renumbered',
    file: IDENTITY,
    find: 'if id == ARGV[2] and (',
    replace: 'if (',
  },
  {
    name: 'a counter is lowered',
    file: IDENTITY,
    find: 'text(math.max(counter, counterOf(id)))',
    replace: 'text(counter)',
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
    file: CONFIRM,
    find: "if id ~= askedId then\n  return { time[1], time[2], 'other_id', id }\nend",
    replace: '',
  },
  {
    name: 'a foreign set confirms an id',
    file: CONFIRM,
    find: "if isForeign(set) then\n  return { time[1], time[2], 'foreign' }\nend\nif vote == position then",
    replace: 'if vote == position then',
  },
  {
    name: 'a note of a memory that is gone counts',
    file: CONFIRM,
    find: ' and newest[note.noter] == note.id and not isContested[note.noter]',
    replace: '',
  },
  {
    name: 'of two memories of one counter the first counts',
    file: CONFIRM,
    find: ' and not isContested[note.noter]',
    replace: '',
  },
  {
    name: 'notes are not compared with each other',
    file: CONFIRM,
    find: '    learn(ARGV[i], ARGV[i + 1])\n',
    replace: '',
  },
  {
    name: 'notes are not compared with what the node knows',
    file: CONFIRM,
    find: 'for of, ofId in pairs(notedIds(set.positions, position)) do\n  learn(of, ofId)\nend\nlocal notes',
    replace: 'local notes',
  },
  {
    name: 'a note for another id counts',
    file: CONFIRM,
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
    file: CONFIRM,
    find: 'if isValid and note.votes and not votes[note.noter] then',
    replace: 'if isValid and not votes[note.noter] then',
  },
  {
    name: 'the notes of all others are not enough without their votes',
    file: CONFIRM,
    find: 'voting >= needed or have >= nodes - 1',
    replace: 'voting >= needed',
  },
  {
    name: 'two notes of one noter count twice',
    file: CONFIRM,
    find: '    counted[note.noter] = true\n',
    replace: '',
  },
  {
    name: 'a note of its own counts',
    file: CONFIRM,
    find: '{ [position] = true }',
    replace: '{}',
  },
  {
    name: 'one note less is enough in a set of four',
    file: CONFIRM,
    find: 'nodes % 2 == 0 and nodes - 1 or',
    replace: 'nodes % 2 == 0 and nodes - 2 or',
  },
  {
    name: 'f notes are enough',
    file: CONFIRM,
    find: '(nodes + 1) / 2)',
    replace: '(nodes - 1) / 2)',
  },
  {
    name: 'the wait ends one ms early',
    file: CONFIRM,
    find: 'now >= idSince + waitMs and',
    replace: 'now + 1 >= idSince + waitMs and',
  },
  {
    name: 'the wait ends also without a majority that knows',
    file: CONFIRM,
    find: ' and have >= quorumOf(nodes) - 1',
    replace: '',
  },
  {
    name: 'the floor stays below the notes',
    file: CONFIRM,
    find: 'if #notes > 0 then',
    replace: 'if false then',
  },
  {
    name: 'the floor is lowered to the notes',
    file: CONFIRM,
    find: 'text(math.max(floor, latest + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'text(latest + ${EARLY_MS} + ${MARGIN_MS})',
  },
  {
    name: 'the floor above the notes forgets MARGIN',
    file: CONFIRM,
    find: 'text(math.max(floor, latest + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'text(math.max(floor, latest + ${EARLY_MS}))',
  },
  {
    name: 'the time of the last note only counts',
    file: CONFIRM,
    find: 'latest = math.max(latest, tonumber(ARGV[at + 2]))',
    replace: 'latest = tonumber(ARGV[at + 2])',
  },
  {
    name: 'the ids in the notes are not taken over',
    file: CONFIRM,
    find: "    changes[#changes + 1] = 'n:' .. of\n    changes[#changes + 1] = ofId\n",
    replace: '',
  },
  {
    name: 'ids of strangers are taken over',
    file: CONFIRM,
    find: '  if not set.has[of] then\n    return\n  end\n',
    replace: '',
  },
];

export const NOTE_MUTANTS: readonly Breakage[] = [...NOTING_MUTANTS, ...CONFIRM_MUTANTS];
