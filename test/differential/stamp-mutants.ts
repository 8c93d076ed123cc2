// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the scripts of ids, stamps and sets, made by hand: each removes or weakens one rule of a Lua text. */

import type { Breakage } from '../support/broken-copy.js';

const MEMBERS = 'redis/scripts/membership-scripts.ts';
const IDENTITY = 'redis/scripts/identity-scripts.ts';

const STAMP_MUTANTS: readonly Breakage[] = [
  {
    name: 'a stamp is written in a memory that it was not decided on',
    file: IDENTITY,
    find: "if stamp ~= ARGV[2] or (ARGV[5] ~= '' and ARGV[5] ~= id) then",
    replace: 'if stamp ~= ARGV[2] then',
  },
  {
    name: 'a stamp is written over any other',
    file: IDENTITY,
    find: "if stamp ~= ARGV[2] or (ARGV[5] ~= '' and ARGV[5] ~= id) then",
    replace: "if ARGV[5] ~= '' and ARGV[5] ~= id then",
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
    find: 'changes[#changes + 1] = text(math.max(floor, from + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'changes[#changes + 1] = text(from + ${EARLY_MS} + ${MARGIN_MS})',
  },
  {
    name: 'a stamp does not look at the clock of another node',
    file: IDENTITY,
    find: 'tonumber(ARGV[6])',
    replace: '0',
  },
  {
    name: 'the clock of another node is forgotten in a take-over',
    file: IDENTITY,
    find: 'from = math.max(from, now,',
    replace: 'from = math.max(now,',
  },
  {
    name: 'a take-over does not look at when the new set began to stand',
    file: IDENTITY,
    find: "from = math.max(from, now, tonumber(string.match(ARGV[1], '^%d+')))",
    replace: 'from = math.max(from, now)',
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
    name: 'instances that yield are counted with those that do not',
    file: MEMBERS,
    find: 'placeOf[theirs .. yields]\n',
    replace: 'placeOf[theirs]\n',
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
    find: '    liveSet[3] = liveSet[3] + (isLive[recentOthers[i]] and 1 or 0)\n',
    replace: '',
  },
  {
    name: 'a set is gone with the connections of its instances',
    file: MEMBERS,
    find: 'for i, shown in ipairs(signsOf(recentOthers)) do',
    replace: 'for i, shown in ipairs(signsOf(others)) do',
  },
  {
    name: 'an instance whose connections have ended counts for its set',
    file: MEMBERS,
    find: '(isLive[recentOthers[i]] and 1 or 0)',
    replace: '1',
  },
  {
    name: 'a beat says that the id votes at any position',
    file: MEMBERS,
    find: 'vote == position and 1 or 0',
    replace: 'vote and 1 or 0',
  },
];

export const STAMP_AND_SIGN_MUTANTS: readonly Breakage[] = [...STAMP_MUTANTS, ...SIGN_MUTANTS];
