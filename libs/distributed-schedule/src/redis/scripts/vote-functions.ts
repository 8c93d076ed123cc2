import { EARLY_MS, MARGIN_MS } from '../../protocol/contract/constants.js';
import { PRUNABLE_NOBODY } from '../../protocol/contract/prunable-lines.js';
import { ORDINARY_SKEW_MS } from '../../protocol/ledger/clock-set-back.js';

/**
 * How a node votes for claims. A message of them is refused as a whole, or there is one word for each of them:
 *   granted            stored now, or this very claim stood already (a resent message is harmless)
 *   taken [claimId]    this tick or a later one was granted; the id where it is this very tick
 *   taken - ms         the same, by an instant ahead of the node's clock: it was set back by at least this many ms
 *   quarantined [ms]   at or below the floor of a node that may have forgotten, or that of lines which have gone; ms as above
 *   early [ms]         further ahead than EARLY: a fast instance must not burn ticks, and the floor relies on it
 *   late               older than maxLatenessMs: the message sat in a paused server or socket
 *   not_asked          it may not be granted here, as the lock with which it came was refused
 * For all claims of a message:
 *   unstamped          no set is on record, or one of an older generation, or one that does not stand yet
 *   outdated           a newer generation is on record
 *   conflict           another set of the same generation, whose majorities need not meet the caller's
 *   renamed            another id is named for this node, or one that is outranked by what this node has noted
 *   unconfirmed        this id does not vote at this position
 *   too_late           this copy of the message is applied after its deadline
 *
 * Refusals of the whole message come before "granted already": an old word must not count towards a majority of others.
 * So does the floor: it was raised above all that others may have granted while they did not count this node.
 * What a batch grants is seen by the rest of it. How far the clock was set back only names why.
 */
export const VOTES = `
local function standing(setText)
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

-- Why no claim of the message is voted for, if so. "isRenamed": it names another memory, or one that is outranked.
local function refusalOf(position, deadline, isRenamed)
  if isRenamed then
    return 'renamed'
  end
  if vote ~= position then
    return 'unconfirmed'
  end
  return deadline > 0 and now > deadline and 'too_late' or nil
end

local known = {}
local function readLines(tasks)
  for i, value in ipairs(storedTicks(tasks)) do
    local tick, claimId = string.match(value or '0 - 0', '^(%d+) (%S+)')
    known[tasks[i]] = { tick = tonumber(tick), claimId = claimId }
    -- A line that has gone is one that nobody has, up to there: what is given back returns to that, and not to nothing.
    if not value and isPrunable(tasks[i]) then
      known[tasks[i]] = { tick = prunedUpTo, claimId = '-', isAbsent = true }
    end
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
local function voteFor(task, tick, claimId, maxLatenessMs, mayGrant)
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
  if not mayGrant then
    return 'not_asked'
  end
  grants[#grants + 1] = 't:' .. task
  grants[#grants + 1] = text(tick) .. ' ' .. claimId .. ' ' .. text(newest.tick) .. inEpoch
  known[task] = { tick = tick, claimId = claimId }
  newHighest = math.max(newHighest, tick)
  return 'granted'
end

local function storeGrants()
  if newHighest > highest then
    grants[#grants + 1] = 'highest'
    grants[#grants + 1] = text(newHighest)
  end
  store(grants)
end
`;
