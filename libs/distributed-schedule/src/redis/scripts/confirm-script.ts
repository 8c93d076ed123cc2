import { EARLY_MS, MARGIN_MS } from '../../protocol/contract/constants.js';
import { defineScript } from './redis-scripts.js';
import { SETS } from './set-functions.js';

/** A node that is stamped by a set whose majorities need not meet the caller's does nothing for the caller's set. */
export const FOREIGN = `
local function isForeign(set)
  local recorded = stampedSet()
  return recorded and recorded ~= set.text and not mustMeet(set, parseSet(recorded))
end
`;

/**
 * CONFIRM: lets this node vote where enough others have noted its id.
 *
 * KEYS  ledger
 * ARGV  position of this node, id, set of the caller, waitMs or '-', then per note:
 *       position of the noter, its id, time, 1 or 0 (it votes), epoch, number of ids, then per id: position, id
 * Reply time, then one of:
 *   other_id, id       another id stands by now
 *   foreign            the node is stamped by a set that need not meet the caller's
 *   voting             it votes, now or already
 *   forced             it votes from now on, without enough notes: the wait has ended
 *   void, have         this many of the notes are valid, which is not enough
 *   waiting, until     the same, and the wait has not ended, or too few are valid to end it
 *
 * A note is void when made for another id, or when a newer id of its noter is known, or another of the same counter.
 * The floor rises above every note, void or not: until then noters may have granted to claims that named the old memory.
 * Notes of an older epoch count only by the ids in them: a floor by clocks that were set back must not come back.
 * Voters' notes count, or those of all others: with two of five positions in doubt a noter may be the wrong server.
 * One script, or an id would be confirmed by what was read before a loss of memory.
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
  local counts = tonumber(ARGV[at + 4]) >= epoch
  local afterIds = at + 6 + 2 * tonumber(ARGV[at + 5])
  if counts then
    latest = math.max(latest, tonumber(ARGV[at + 2]))
    notes[#notes + 1] = note
  end
  learn(note.noter, note.id)
  for i = at + 6, afterIds - 1, 2 do
    learn(ARGV[i], ARGV[i + 1])
    if ARGV[i] == position then
      note.noted = ARGV[i + 1]
    end
  end
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

-- Odd: f + 1 of the other 2f. Even, a step of a change: all others. With its own, these make a majority that knows.
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
-- Until the notes were made, locks were renewed here and there that named the memory before: see isQuarantined.
local changes = { 'vote', position, 'since', text(now) }
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
