import { EARLY_MS, MARGIN_MS } from '../protocol/constants.js';
import { LIVING } from './membership-scripts.js';
import { defineScript, SETS } from './redis-scripts.js';

/** A node that is stamped by a set whose majorities need not meet the caller's does nothing for the caller's set. */
const FOREIGN = `
local function isForeign(set)
  local recorded = stampedSet()
  return recorded and recorded ~= set.text and not mustMeet(set, parseSet(recorded))
end
`;

/**
 * NOTE: from now on this node refuses claims that name an older id of the position.
 *
 * KEYS  ledger, members, beats
 * ARGV  prefix of the presence channels, position of this node, position whose id is to be noted, that id, set of the caller
 * Reply time, then one of:
 *   noted, id of this node, time, { position, id ... }, 1 or 0 (it votes)   a note: see node-identity.ts
 *   not_newer, id      this one is known, and outranks the asked one
 *   in_use, instance   this live instance named another id of the position with its last beat
 *   foreign            the node is stamped by a set that need not meet the caller's
 *
 * The time of a note is at least the newest instant that this node has granted, or may have granted before it forgot: its
 * clock may have stepped back since.
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
local members = living('')
for i, shown in ipairs(signsOf(members)) do
  for named, namedId in string.gmatch(shown and string.match(shown, '|(.*)$') or '', '(%S+) (%S+)') do
    if named == asked and namedId ~= askedId then
      return { time[1], time[2], 'in_use', members[i] }
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
return { time[1], time[2], 'noted', id, text(latest), ids, vote == position and 1 or 0 }
`,
);

/**
 * RENUMBER: gives an id a higher counter. The memory is the same, so is the nonce.
 *
 * KEYS  ledger
 * ARGV  position of this node, id that must stand, counter
 * Reply time, id that stands now
 *
 * Nobody relies on an id that does not vote here. One that does is given up only for a higher counter than its own: the
 * others have replaced it. It then has to be noted and confirmed like any other, and waits as long.
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
 * CONFIRM: lets this node vote where enough others have noted its id.
 *
 * KEYS  ledger
 * ARGV  position of this node, id, set of the caller, waitMs or '-', then per note:
 *       position of the noter, its id, time, 1 or 0 (it votes), number of ids, then per id: position, id
 * Reply time, then one of:
 *   other_id, id       another id stands by now
 *   foreign            the node is stamped by a set that need not meet the caller's
 *   voting             it votes, now or already
 *   forced             it votes from now on, without enough notes: the wait has ended
 *   void, have         so many of the notes are valid, which is not enough
 *   waiting, until     the same, and the wait has not ended, or too few are valid to end it
 *
 * A note is void when it was made for another id, or when this node or any of the notes knows a newer id of its noter, or
 * another one of the same counter: what a memory has noted is gone with it. The floor is raised above every note, valid
 * or not: until then the noters may have granted to claims that named the old memory. All in one script: an id that is
 * confirmed with what was read before would vote beside a memory that came after the reading.
 *
 * Only notes of nodes that vote count, or those of all others together: with two positions of five in doubt at once, a noter
 * without a vote may be the wrong server itself.
 */
export const CONFIRM_SCRIPT = defineScript(
  'confirm',
  `${SETS}${FOREIGN}
local position, askedId, set, waitMs = ARGV[1], ARGV[2], parseSet(ARGV[3]), tonumber(ARGV[4])
if id ~= askedId then
  return { time[1], time[2], 'other_id', id }
end
if isForeign(set) then
  return { time[1], time[2], 'foreign' }
end
if vote == position then
  return { time[1], time[2], 'voting' }
end

local newest, isContested = {}, {}
local function learn(of, ofId)
  local known = newest[of]
  if not set.has[of] then
    return
  end
  if not known or counterOf(ofId) > counterOf(known) then
    newest[of], isContested[of] = ofId, false
  elseif ofId ~= known and counterOf(ofId) == counterOf(known) then
    isContested[of] = true
  end
end

for of, ofId in pairs(notedIds(set.positions, position)) do
  learn(of, ofId)
end
local notes, latest = {}, 0
local at = 5
while at <= #ARGV do
  local note = { noter = ARGV[at], id = ARGV[at + 1], votes = ARGV[at + 3] == '1' }
  local afterIds = at + 5 + 2 * tonumber(ARGV[at + 4])
  latest = math.max(latest, tonumber(ARGV[at + 2]))
  learn(note.noter, note.id)
  for i = at + 5, afterIds - 1, 2 do
    learn(ARGV[i], ARGV[i + 1])
    if ARGV[i] == position then
      note.noted = ARGV[i + 1]
    end
  end
  notes[#notes + 1] = note
  at = afterIds
end

-- A noter counts once, and as one that votes where any of its notes says so: it has got its vote in between.
local have, voting, counted, votes = 0, 0, { [position] = true }, { [position] = true }
for _, note in ipairs(notes) do
  local isValid = note.noted == id and newest[note.noter] == note.id and not isContested[note.noter]
  if isValid and not counted[note.noter] then
    counted[note.noter] = true
    have = have + 1
  end
  if isValid and note.votes and not votes[note.noter] then
    votes[note.noter] = true
    voting = voting + 1
  end
end

-- Odd: f + 1 of the other 2f. Even, a step of a change: all others. With its own, so many make a majority that knows.
local nodes = #set.positions
local needed = nodes == 1 and 0 or (nodes % 2 == 0 and nodes - 1 or (nodes + 1) / 2)
local isNoted = voting >= needed or have >= nodes - 1
local isForced = not isNoted and waitMs and now >= idSince + waitMs and have >= quorumOf(nodes) - 1
if not isNoted and not isForced then
  if waitMs then
    return { time[1], time[2], 'waiting', text(idSince + waitMs) }
  end
  return { time[1], time[2], 'void', have }
end
local changes = { 'vote', position }
if #notes > 0 then
  changes[#changes + 1] = 'floor'
  changes[#changes + 1] = text(math.max(floor, latest + ${EARLY_MS} + ${MARGIN_MS}))
end
for of, ofId in pairs(newest) do
  if of ~= position then
    changes[#changes + 1] = 'n:' .. of
    changes[#changes + 1] = ofId
  end
end
store(changes)
return { time[1], time[2], isForced and 'forced' or 'voting' }
`,
);

/**
 * STAMP: puts a set on record, in place of the very one that the caller has seen.
 *
 * KEYS  ledger
 * ARGV  new stamp, stamp that must stand ('' = none), 1 or 0 (raise the floor), deadline in node time (0 = none), id of the
 *       memory that was decided on ('' = whatever answers)
 * Reply time, then one of:
 *   stamped
 *   changed            another stamp is on record, or it is in another memory
 *   too_late           applied after the caller may have been suspended: what it knew then is nothing to stamp by
 *
 * With a raised floor nothing is granted any more that the set on record may have granted elsewhere: up to now by this
 * clock, and by those of the others up to the instant since when the new set stands.
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
local changes = { 'stamp', ARGV[1] }
if ARGV[3] == '1' then
  local from = math.max(now, tonumber(string.match(ARGV[1], '^%d+')))
  changes = { 'stamp', ARGV[1], 'floor', text(math.max(floor, from + ${EARLY_MS} + ${MARGIN_MS})) }
end
store(changes)
return { time[1], time[2], 'stamped' }
`,
);
