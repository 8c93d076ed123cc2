import { EARLY_MS, MARGIN_MS } from '../../protocol/contract/constants.js';
import { PRUNABLE_MARK, PRUNABLE_NOBODY } from '../../protocol/contract/prunable-lines.js';
import { ORDINARY_SKEW_MS } from '../../protocol/ledger/clock-set-back.js';
import { defineScript } from './redis-scripts.js';
import { SETS } from './set-functions.js';

/**
 * CLAIM: one vote per claim, all or none of a batch reaching the node.
 *
 * KEYS  ledger
 * ARGV  position of this node, set of the caller, deadline in node time (0 = none), number of ids, then per id: position, id;
 *       then per claim: task, tick, claimId, maxLatenessMs
 * Reply time, the ids by which the message was refused (position, id ...), then one word per claim:
 *   unstamped          no set is on record, or one of an older generation, or one that does not stand yet
 *   outdated           a newer generation is on record
 *   conflict           another set of the same generation, whose majorities need not meet the caller's
 *   renamed            another id is named for this node, or one that is outranked by what this node has noted
 *   unconfirmed        this id does not vote at this position
 *   too_late           this copy of the message is applied after its deadline
 *   granted            stored now, or this very claim stood already (a resent message is harmless)
 *   taken [claimId]    this tick or a later one was granted; the id where it is this very tick
 *   taken - ms         the same, by an instant ahead of the node's clock: it was set back by at least this many ms
 *   quarantined [ms]   at or below the floor of a node that may have forgotten, or that of lines which have gone; ms as above
 *   early [ms]         further ahead than EARLY: a fast instance must not burn ticks, and the floor relies on it
 *   late               older than maxLatenessMs: the message sat in a paused server or socket
 *
 * Refusals of the whole message come before "granted already": an old word must not count towards a majority of others.
 * So does the floor: it was raised above all that others may have granted while they did not count this node.
 * What a batch grants is seen by the rest of it. How far the clock was set back only names why.
 */
export const CLAIM_SCRIPT = defineScript(
  'claim',
  `${SETS}
local position, setText, deadline = ARGV[1], ARGV[2], tonumber(ARGV[3])
local firstClaim = 5 + 2 * tonumber(ARGV[4])

local function standing()
  local recorded = stampedSet()
  if recorded == setText then
    return isProvisional() and 'unstamped' or nil
  end
  local own, other = parseSet(setText), recorded and parseSet(recorded)
  if not other or own.generation > other.generation then
    return 'unstamped'
  end
  if own.generation < other.generation then
    return 'outdated'
  end
  return not mustMeet(own, other) and 'conflict' or (isProvisional() and 'unstamped' or nil)
end

local refusal, refused = standing(), {}
if not refusal then
  refused = refusedIds(position, 5, firstClaim - 1)
  if #refused > 0 then
    refusal = 'renamed'
  elseif vote ~= position then
    refusal = 'unconfirmed'
  elseif deadline > 0 and now > deadline then
    refusal = 'too_late'
  end
end
local reply = { time[1], time[2], refused }
if refusal then
  for _ = firstClaim, #ARGV, 4 do
    reply[#reply + 1] = refusal
  end
  return reply
end

local tasks = {}
for i = firstClaim, #ARGV, 4 do
  tasks[#tasks + 1] = ARGV[i]
end
local known = {}
for i, value in ipairs(storedTicks(tasks)) do
  local tick, claimId = string.match(value or '0 - 0', '^(%d+) (%S+)')
  known[tasks[i]] = { tick = tonumber(tick), claimId = claimId }
  -- A line that has gone is one that nobody has, up to there: what is given back returns to that, and not to nothing.
  if not value and isPrunable(tasks[i]) then
    known[tasks[i]] = { tick = prunedUpTo, claimId = '-', isAbsent = true }
  end
end

local function isSomebody(claimId)
  return claimId ~= '-' and claimId ~= '${PRUNABLE_NOBODY}'
end

local floorAhead = floor - ${EARLY_MS} - ${MARGIN_MS} - now
local function setBackBy(newest)
  local by = math.max(newest - ${EARLY_MS} - now, floorAhead > ${ORDINARY_SKEW_MS} and floorAhead or 0)
  return by > 0 and ' ' .. text(by) or ''
end

local grants, newHighest = {}, highest
local function voteFor(task, tick, claimId, maxLatenessMs)
  local newest = known[task]
  if tick > now + ${EARLY_MS} then
    return 'early' .. setBackBy(newest.tick)
  end
  if tick < now - maxLatenessMs then
    return 'late'
  end
  if tick <= floor then
    return 'quarantined' .. setBackBy(newest.tick)
  end
  if newest.isAbsent and tick <= newest.tick then
    return 'quarantined' .. setBackBy(newest.tick)
  end
  if tick == newest.tick and claimId == newest.claimId then
    return 'granted'
  end
  if tick == newest.tick and isSomebody(newest.claimId) then
    return 'taken ' .. newest.claimId
  end
  if tick <= newest.tick then
    local by = setBackBy(newest.tick)
    return by == '' and 'taken' or 'taken -' .. by
  end
  grants[#grants + 1] = 't:' .. task
  grants[#grants + 1] = text(tick) .. ' ' .. claimId .. ' ' .. text(newest.tick) .. inEpoch
  known[task] = { tick = tick, claimId = claimId }
  newHighest = math.max(newHighest, tick)
  return 'granted'
end

for i = firstClaim, #ARGV, 4 do
  reply[#reply + 1] = voteFor(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], tonumber(ARGV[i + 3]))
end
if newHighest > highest then
  grants[#grants + 1] = 'highest'
  grants[#grants + 1] = text(newHighest)
end
store(grants)
return reply
`,
  true,
);

/**
 * GIVE BACK: takes back grants whose owner has decided never to run the tick.
 *
 * KEYS  ledger
 * ARGV  per claim: task, tick, claimId
 * Reply time
 *
 * Only where that very claim stands. The claim id of the previous tick is gone: it becomes `-`, or `-~` where the line may go.
 */
export const GIVE_BACK_SCRIPT = defineScript(
  'give-back',
  `
local tasks = {}
for i = 1, #ARGV, 3 do
  tasks[#tasks + 1] = ARGV[i]
end
local values = storedTicks(tasks)
local restored = {}
for i, task in ipairs(tasks) do
  local tick, claimId, previous = string.match(values[i] or '', '^(%d+) (%S+) (%d+)$')
  if tick == ARGV[i * 3 - 1] and claimId == ARGV[i * 3] then
    restored[#restored + 1] = 't:' .. task
    local nobody = string.sub(claimId, -1) == '${PRUNABLE_MARK}' and ' ${PRUNABLE_NOBODY} ' or ' - '
    restored[#restored + 1] = previous .. nobody .. previous .. inEpoch
  end
end
store(restored)
return { time[1], time[2] }
`,
);

/**
 * PEEK: the newest tick per task, without effect.
 *
 * KEYS  ledger
 * ARGV  tasks
 * Reply time, then in one text a line per task: "tick claimId previousTick floor", with tick 0 for an unknown task, and up to where its
 *       line may have gone
 */
export const PEEK_SCRIPT = defineScript(
  'peek',
  `
return { time[1], time[2], toldOf(ARGV) }
`,
);
