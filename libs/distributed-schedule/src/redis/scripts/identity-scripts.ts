import { EARLY_MS, MARGIN_MS } from '../../protocol/contract/constants.js';
import { FOREIGN } from './confirm-script.js';
import { LIVING } from './membership-scripts.js';
import { defineScript } from './redis-scripts.js';
import { SETS } from './set-functions.js';

/**
 * NOTE: from now on this node refuses claims that name an older id of the position.
 *
 * KEYS  ledger, members, beats
 * ARGV  prefix of the presence channels, position of this node, position whose id is to be noted, that id, set of the caller
 * Reply time, then one of:
 *   noted, id of this node, time, { position, id ... }, 1 or 0 (it votes), epoch   a note: see node-identity.ts
 *   not_newer, id      this one is known, and outranks the asked one
 *   in_use, instance   this one, whose beats are not missed yet, named another id of the position with its last one
 *   foreign            the node is stamped by a set that need not meet the caller's
 *
 * A note's time is at least the newest instant granted, or maybe granted and forgotten: the clock may have stepped back.
 */
export const NOTE_SCRIPT = defineScript(
  'note',
  `${SETS}
local channelPrefix, position, asked, askedId, set = ARGV[1], ARGV[2], ARGV[3], ARGV[4], parseSet(ARGV[5])
${LIVING}${FOREIGN}
if isForeign(set) then
  return { time[1], time[2], 'foreign' }
end
local field = 'n:' .. asked
local known = redis.call('HGET', KEYS[1], field)
if isOutranked(askedId, known) then
  return { time[1], time[2], 'not_newer', known }
end
local _, _, recent = living('')
for i, shown in ipairs(signsOf(recent)) do
  for named, namedId in string.gmatch(shown and string.match(shown, '|(.*)$') or '', '(%S+) (%S+)') do
    if named == asked and namedId ~= askedId then
      return { time[1], time[2], 'in_use', recent[i] }
    end
  end
end
redis.call('HSET', KEYS[1], field, askedId)
local ids = set.has[position] and { position, id } or {}
for other, otherId in pairs(notedIds(set.positions, position)) do
  ids[#ids + 1] = other
  ids[#ids + 1] = otherId
end
local latest = math.max(now, highest, floor - ${EARLY_MS} - ${MARGIN_MS})
return { time[1], time[2], 'noted', id, text(latest), ids, vote == position and 1 or 0, text(epoch) }
`,
);

/**
 * RENUMBER: gives an id a higher counter. The memory is the same, so is the nonce.
 *
 * KEYS  ledger
 * ARGV  position of this node, id that must stand, counter
 * Reply time, id that stands now
 *
 * An id that votes is given up only for a higher counter: the others have replaced it. It is noted and confirmed anew.
 */
export const RENUMBER_SCRIPT = defineScript(
  'renumber',
  `
local counter = tonumber(ARGV[3])
if id == ARGV[2] and (vote ~= ARGV[1] or counter > counterOf(id)) then
  if vote == ARGV[1] then
    redis.call('HSET', KEYS[1], 'idSince', text(now))
  end
  id = text(math.max(counter, counterOf(id))) .. string.match(id, '%..*$')
  redis.call('HSET', KEYS[1], 'id', id)
  redis.call('HDEL', KEYS[1], 'vote')
end
return { time[1], time[2], id }
`,
);

/**
 * STAMP: puts a set on record, in place of the very one that the caller has seen.
 *
 * KEYS  ledger
 * ARGV  new stamp, stamp that must stand ('' = none), 1 or 0 (raise the floor), deadline in node time (0 = none), id of the
 *       memory that was decided on ('' = whatever answers), instant of another node above which the floor rises (0 = none)
 * Reply time, then one of:
 *   stamped
 *   changed            another stamp is on record, or it is in another memory
 *   too_late           applied after the caller may have been suspended: what it knew then is nothing to stamp by
 *
 * Below a raised floor nothing is granted that the set on record may have granted elsewhere, by whatever clock.
 */
export const STAMP_SCRIPT = defineScript(
  'stamp',
  `
local deadline = tonumber(ARGV[4])
if deadline > 0 and now > deadline then
  return { time[1], time[2], 'too_late' }
end
if stamp ~= ARGV[2] or (ARGV[5] ~= '' and ARGV[5] ~= id) then
  return { time[1], time[2], 'changed' }
end
local changes, from = { 'stamp', ARGV[1] }, tonumber(ARGV[6])
if ARGV[3] == '1' then
  from = math.max(from, now, tonumber(string.match(ARGV[1], '^%d+')))
end
if from > 0 then
  changes[#changes + 1] = 'floor'
  changes[#changes + 1] = text(math.max(floor, from + ${EARLY_MS} + ${MARGIN_MS}))
end
store(changes)
return { time[1], time[2], 'stamped' }
`,
);
