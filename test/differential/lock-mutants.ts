// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the scripts of locks and members, made by hand: each removes or weakens one rule of a Lua text. */

import type { Breakage } from '../support/broken-copy.js';

const LOCKS = 'redis/scripts/lock-scripts.ts';
const RELEASE = 'redis/scripts/release-script.ts';
const MEMBERS = 'redis/scripts/membership-scripts.ts';

export const LOCK_MUTANTS: readonly Breakage[] = [
  {
    name: 'a lock lives on for as long as the clock was set back',
    file: LOCKS,
    find: "    if isSetBack and redis.call('PTTL', key) > ttlMs + ${ORDINARY_SKEW_MS} then\n      redis.call('PEXPIRE', key, text(ttlMs))\n    end\n",
    replace: '',
  },
  {
    name: 'a lock of a longer time to live is cut, whatever the clock shows',
    file: LOCKS,
    find: 'if isSetBack and redis',
    replace: 'if redis',
  },
  {
    name: 'a lock of another memory is granted',
    file: LOCKS,
    find: "if isAnother then\n    return 'renamed'\n  end",
    replace: '',
  },
  {
    name: 'a memory without a vote grants locks',
    file: LOCKS,
    find: '(vote ~= position or #refused > 0)',
    replace: '#refused > 0',
  },
  {
    name: 'a lock is granted beside a newer memory of another position',
    file: LOCKS,
    find: 'or #refused > 0)',
    replace: 'or refused[1] == position)',
  },
  {
    name: 'a vote begins no quarantine of locks',
    file: 'redis/scripts/confirm-script.ts',
    find: ", 'since', text(now) }",
    replace: ' }',
  },
  {
    name: 'ends are kept only with a lock that is the caller’s',
    file: RELEASE,
    find: "if ended ~= '' then",
    replace:
      "if ended ~= '' and isOurs(redis.call('GET', KEYS[2 + (i - firstLock - 2) / WORDS]), ARGV[i - 2]) then",
  },
  {
    name: 'an end that comes again is kept twice',
    file: RELEASE,
    find: "return known == claimId and '' or nil",
    replace: 'return nil',
  },
  {
    name: 'ends of other claims go with one that comes again',
    file: RELEASE,
    find: "return known == claimId and '' or nil",
    replace: "return ''",
  },
  {
    name: 'ends are kept for ever',
    file: RELEASE,
    find: 'if count <= most and',
    replace: 'if count <= 10000 and',
  },
  {
    name: 'a line whose runs come in turn keeps as many ends as any other',
    file: RELEASE,
    find: "ARGV[i + 1] == '1' and ${MAX_ENDS} or ${MAX_ENDS_IN_TURN}",
    replace: '${MAX_ENDS}',
  },
  {
    name: 'all ends of one message are kept',
    file: RELEASE,
    find: 'if count > most then',
    replace: 'if false then',
  },
  {
    name: 'old ends are not dropped',
    file: RELEASE,
    find: '>= now - ${ENDS_KEPT_MS} then',
    replace: '>= 0 then',
  },
  {
    name: 'nobody knows that ends were dropped',
    file: RELEASE,
    find: 'if tonumber(instant) > tonumber(droppedUpTo) then',
    replace: 'if false then',
  },
  {
    name: 'an end that a clock ahead has written hides what comes after it was set back',
    file: RELEASE,
    find: 'if tonumber(droppedUpTo) > now + ${EARLY_MS} then',
    replace: 'if false then',
  },
  {
    name: 'a lock that comes twice in a message is released twice',
    file: RELEASE,
    find: 'if isGone[key] or not',
    replace: 'if not',
  },
  {
    name: 'a node that has just come takes the missing for gone',
    file: 'redis/scripts/inquiry-script.ts',
    find: "if now < since + ${MEMBER_TTL_MS} then\n  sign = 'unknown'\nend",
    replace: '',
  },
  {
    name: 'a member is taken for gone',
    file: 'redis/scripts/inquiry-script.ts',
    find: "sign = 'alive'",
    replace: "sign = 'gone'",
  },
  {
    name: 'whoever is not seen is silent',
    file: 'redis/scripts/inquiry-script.ts',
    find: "(isPresent or channelPrefix == '') and 'silent' or 'gone'",
    replace: "'silent'",
  },
  {
    name: 'lines of others are told as well',
    file: 'redis/scripts/inquiry-script.ts',
    find: 'if lock == 0 and string.sub(claimId, 1, #owner) ~= owner then',
    replace: 'if false then',
  },
  {
    name: 'a lock is released without compare',
    file: RELEASE,
    find: 'if isGone[key] or not isOurs(current, value) then',
    replace: 'if isGone[key] then',
  },
  {
    name: 'a lock is extended without compare',
    file: LOCKS,
    find: "if current and not isOurs(current, value) then\n    return 'lost'\n  end",
    replace: '',
  },
  {
    name: 'a lock’s value is compared by its end',
    file: LOCKS,
    find: "string.sub(current, -#value - 1) == ':' .. value",
    replace: 'string.sub(current, -#value) == value',
  },
  {
    name: 'extend makes a lock again whose claims are not known',
    file: LOCKS,
    find: "if not current and claims == '' and not isQuarantined(ttlMs) then\n    return 'lost'\n  end",
    replace: '',
  },
  {
    name: 'extend makes a lock again without a deadline',
    file: LOCKS,
    find: "if not current and deadline == 0 then\n    return isQuarantined(ttlMs) and 'quarantined' or 'lost'\n  end",
    replace: '',
  },
  {
    name: 'extend makes no lock again',
    file: LOCKS,
    find: "if not current and claims == '' and not",
    replace: 'if not current and not',
  },
  {
    name: 'extend asks for no successor',
    file: LOCKS,
    find: "if hasSuccessor(claims, newest[index]) then\n    return 'lost'\n  end",
    replace: '',
  },
  {
    name: 'extend asks for a successor where the lock is gone only',
    file: LOCKS,
    find: 'if hasSuccessor(claims, newest[index]) then',
    replace: 'if not current and hasSuccessor(claims, newest[index]) then',
  },
  {
    name: 'an own claim is a successor',
    file: LOCKS,
    find: "return not string.find(claims .. ' ', ' ' .. claimId .. ' ', 1, true)",
    replace: 'return true',
  },
  {
    name: 'a claim at the same instant is a successor',
    file: LOCKS,
    find: 'tonumber(tick) <= tonumber(won)',
    replace: 'tonumber(tick) < tonumber(won)',
  },
  {
    name: 'claims of other runs that may overlap are successors',
    file: LOCKS,
    find: "if upTo ~= '0' and tonumber(tick) > tonumber(upTo) then\n    return false\n  end",
    replace: '',
  },
  {
    name: 'the last instant of a run is that of another one',
    file: LOCKS,
    find: 'tonumber(tick) > tonumber(upTo)',
    replace: 'tonumber(tick) >= tonumber(upTo)',
  },
  {
    name: 'acquire without quarantine',
    file: LOCKS,
    find: 'if not current and isQuarantined(ttlMs) then\n    return',
    replace: 'if false then\n    return',
  },
  {
    name: 'the quarantine ends a ms early',
    file: LOCKS,
    find: 'return now < since + ttlMs',
    replace: 'return now < since + ttlMs - 1',
  },
  {
    name: 'acquire and extend ignore the deadline',
    file: LOCKS,
    find: 'local isTooLate = deadline > 0 and now > deadline',
    replace: 'local isTooLate = false',
  },
  {
    name: 'presence is ignored',
    file: LOCKS,
    find: "if channelPrefix == '' or isPresent(holder) then",
    replace: 'if true then',
  },
  {
    name: 'a dead holder has no grace',
    file: LOCKS,
    find: "redis.call('PEXPIRE', key, '${PRESENCE_GRACE_MS}')",
    replace: "redis.call('DEL', key)",
  },
  {
    name: 'each look at a dead holder gives it the grace again',
    file: LOCKS,
    find: 'if remaining > ${PRESENCE_GRACE_MS} then',
    replace: 'if true then',
  },
  {
    name: 'a holder that was never seen is judged by its absence',
    file: LOCKS,
    find: "(isPresent(instanceId) and instanceId or '-')",
    replace: 'instanceId',
  },
  {
    name: 'members that stopped beating stay',
    file: MEMBERS,
    find: 'text(now - ${MEMBER_TTL_MS})',
    replace: "'-inf'",
  },
  {
    name: 'beats from a far future count',
    file: MEMBERS,
    find: 'text(now + ${MARGIN_MS})',
    replace: "'+inf'",
  },
  {
    name: 'beats from before the clock stepped back do not count',
    file: MEMBERS,
    find: 'text(now + ${MARGIN_MS})',
    replace: 'text(now + 1)',
  },
  {
    name: 'a member without presence is judged by its absence',
    file: MEMBERS,
    find: 'if isPresent(member) or not hadPresence then',
    replace: 'if isPresent(member) then',
  },
  {
    name: 'a member whose presence is gone stays',
    file: MEMBERS,
    find: 'if isPresent(member) or not hadPresence then',
    replace: 'if true then',
  },
];
