// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of short answers: each would let a tick that is open look taken, or the other way round. */

import type { Breakage } from '../support/broken-copy.js';

const file = 'redis/scripts/standby-words.ts';

export const STANDBY_MUTANTS: readonly Breakage[] = [
  {
    name: 'a set that is not known is answered as if all of it were taken',
    file,
    find: "return ''\n  end\n  redis.call('PEXPIRE'",
    replace:
      "return string.sub(KEYS[4], -40) .. ' ' .. text(count) .. '\\\\n' .. text(now) .. ' x\\\\n' .. string.rep('1', count) .. '\\\\n0'\n  end\n  redis.call('PEXPIRE'",
  },
  {
    name: 'the number of tasks is not compared',
    file,
    find: ' or tonumber(kept[1]) ~= count',
    replace: '',
  },
  {
    name: 'a floor is hidden',
    file,
    find: " and tonumber(string.match(claimed, '^%d+')) >= floor",
    replace: '',
  },
  {
    name: 'a question does not renew the set',
    file,
    find: "return ''\n  end\n  redis.call('PEXPIRE', KEYS[4], '${STANDBY_SET_TTL_MS}')",
    replace: "return ''\n  end",
  },
  {
    name: 'a set is kept for ever',
    file,
    find: "cmsgpack.pack(fields))\n  redis.call('PEXPIRE', KEYS[4], '${STANDBY_SET_TTL_MS}')",
    replace: 'cmsgpack.pack(fields))',
  },
  {
    name: 'a list is kept under the digest of another one',
    file,
    find: "if string.sub(KEYS[4], -41) ~= ':' .. digest then",
    replace: 'if false then',
  },
  {
    name: 'an answer is given again for ever',
    file,
    find: ' and ageMs <= ${SHORT_ANSWER_AGE_MS}',
    replace: '',
  },
  {
    name: 'an answer is given again for one ms too long',
    file,
    find: 'ageMs <= ${SHORT_ANSWER_AGE_MS}',
    replace: 'ageMs <= ${SHORT_ANSWER_AGE_MS + 1}',
  },
  {
    name: 'an answer of a memory that is gone is given',
    file,
    find: "local memory = id .. ' ' .. text(floor)",
    replace: "local memory = ''",
  },
  {
    name: 'the digest says nothing of the claims',
    file,
    find: "redis.sha1hex(table.concat(lines, '\\\\n', first, last))",
    replace: 'redis.sha1hex(tostring(last - first))',
  },
  {
    name: 'everything was claimed by whoever comes first, at the same tick',
    file,
    find: 'if not placeOf[claimed] then',
    replace: 'claimed = owners[1] or claimed\n    if not placeOf[claimed] then',
  },
  {
    name: 'an owner is cut at its first colon',
    file,
    find: "local isPlain = claimed and not string.find(line, ':', #claimed + 2, true)",
    replace: 'local isPlain = claimed',
  },
];
