import { EARLY_MS, MARGIN_MS, PRESENCE_GRACE_MS } from '../../protocol/contract/constants.js';
import { ORDINARY_SKEW_MS } from '../../protocol/ledger/clock-set-back.js';
import { defineScript } from './redis-scripts.js';
import { SETS } from './set-functions.js';

/**
 * The run locks, many per call. What gives them back stands in release-script.ts.
 *
 * KEYS  ledger (for the incarnation guard), then one lock key per lock
 * ARGV  prefix of the presence channels ('' = presence is unknown), instance id, deadline in node time (0 = unknown), position
 *       of this node, number of ids (0 = whatever memory answers), then per id: position, id; then per lock: value, ttlMs,
 *       and what its script adds
 * Reply time, the ids by which the message was refused (position, id ...), then one word per lock, see each script
 *
 * A lock is stored as `holder:value`. The value is the engine's random one and alone decides whose lock it is.
 * The holder is `-` where its presence was not seen: only an instance that was seen may be judged dead by its absence.
 */
export const LOCK_OPENING = `${SETS}
local channelPrefix, instanceId, deadline, position = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local firstLock = 6 + 2 * tonumber(ARGV[5])
local isTooLate = deadline > 0 and now > deadline
-- Another server behind a name, or a memory that the others have not noted yet: its locks would stand beside those of the one
-- that is meant. This node, or another one, may be it: a node that has noted a newer memory there refuses as well.
local refused = firstLock > 6 and refusedIds(position, 6, firstLock - 1) or {}
local isAnother = firstLock > 6 and (vote ~= position or #refused > 0)

local presence = {}
local function isPresent(id)
  if channelPrefix == '' then
    return false
  end
  if presence[id] == nil then
    presence[id] = redis.call('PUBSUB', 'NUMSUB', channelPrefix .. id)[2] > 0
  end
  return presence[id]
end

local function isOurs(current, value)
  return current and string.sub(current, -#value - 1) == ':' .. value
end

local function put(key, value, ttlMs)
  redis.call('SET', key, (isPresent(instanceId) and instanceId or '-') .. ':' .. value, 'PX', text(ttlMs))
end

-- A server that lost its memory may have forgotten a lock for as long as that lock could have lived. One that has got its vote
-- stands where another memory stood: what that one has granted, with nodes that now know better, lives on for as long.
local function isQuarantined(ttlMs)
  return now < since + ttlMs
end

local function forEachLock(words, answer)
  local reply = { time[1], time[2], refused }
  for i = 2, #KEYS do
    local first = firstLock + words * (i - 2)
    local value, ttlMs = ARGV[first], tonumber(ARGV[first + 1])
    reply[#reply + 1] = answer(KEYS[i], redis.call('GET', KEYS[i]), value, ttlMs, i - 1)
  end
  return reply
end
`;

/**
 * How a node grants a lock, in one word:
 *   acquired       ours now (or already, when the message came twice)
 *   held [holder]  somebody else's
 *   dying ms holder  somebody else's whose process seems to be gone; freed after this many ms
 *   quarantined    free, but this node may have forgotten a holder
 *   too_late       applied after the caller stopped waiting: a lock granted now would be a ghost
 *   renamed        it is another memory than the one that is meant, or has no vote, or knows a newer one at another position
 *
 * A lock whose holder is gone is shortened to a grace, in which a live holder renews or stops trusting: no tick runs twice.
 * After a set-back a lock that would outlive its ttlMs by much is cut: nobody trusts it for longer.
 */
export const ACQUIRING = `
local isSetBack = highest > now + ${EARLY_MS} or floor > now + ${EARLY_MS} + ${MARGIN_MS} + ${ORDINARY_SKEW_MS}

local function acquire(key, current, value, ttlMs)
  if isAnother then
    return 'renamed'
  end
  if isTooLate then
    return 'too_late'
  end
  if current and not isOurs(current, value) then
    local holder = string.match(current, '^(.+):%w+$') or '-'
    if isSetBack and redis.call('PTTL', key) > ttlMs + ${ORDINARY_SKEW_MS} then
      redis.call('PEXPIRE', key, text(ttlMs))
    end
    if holder == '-' then
      return 'held'
    end
    if channelPrefix == '' or isPresent(holder) then
      return 'held ' .. holder
    end
    local remaining = redis.call('PTTL', key)
    if remaining > ${PRESENCE_GRACE_MS} then
      redis.call('PEXPIRE', key, '${PRESENCE_GRACE_MS}')
      remaining = ${PRESENCE_GRACE_MS}
    end
    return 'dying ' .. text(remaining) .. ' ' .. holder
  end
  if not current and isQuarantined(ttlMs) then
    return 'quarantined'
  end
  put(key, value, ttlMs)
  return 'acquired'
end
`;

/** ACQUIRE: one word per lock, see {@link ACQUIRING}. */
export const ACQUIRE_SCRIPT = defineScript(
  'acquire',
  `${LOCK_OPENING}${ACQUIRING}
return forEachLock(2, acquire)
`,
  true,
);

/**
 * EXTEND: adds per lock the line of the ledger in which the claims of its lease stand, and those claims:
 *   won upTo id id ...   the newest instant won; the last instant that is about this run (0 = all are); the ids of the holder's
 *                        own claims for later ones
 *   ''                   they are not known
 * Per lock
 *   extended       ours, with a new time to live
 *   lost           somebody else's, or somebody else has claimed the task since, or gone, and not known whether
 *   quarantined    gone from a node that may have forgotten it, and the caller could not say until when it means it
 *   too_late       applied after the caller stopped waiting
 *   renamed        as above
 *
 * A missing lock is made again: the node has missed or lost it, and the deadline shows that its caller still trusts it.
 * Not where a later claim of another one stands: that one has had the lock. With unknown claims only in quarantine,
 * in which this node has granted no lock.
 */
export const EXTEND_SCRIPT = defineScript(
  'extend',
  `${LOCK_OPENING}
local lines = {}
for i = 2, #KEYS do
  lines[#lines + 1] = ARGV[firstLock + 4 * (i - 2) + 2]
end
local newest = storedTicks(lines)

local function hasSuccessor(claims, stored)
  local tick, claimId = string.match(stored or '', '^(%d+) (%S+)')
  local won, upTo = string.match(claims, '^(%d+) (%d+)')
  if not tick or not won or tonumber(tick) <= tonumber(won) then
    return false
  end
  if upTo ~= '0' and tonumber(tick) > tonumber(upTo) then
    return false
  end
  return not string.find(claims .. ' ', ' ' .. claimId .. ' ', 1, true)
end

return forEachLock(4, function(key, current, value, ttlMs, index)
  if isAnother then
    return 'renamed'
  end
  if isTooLate then
    return 'too_late'
  end
  local claims = ARGV[firstLock + 4 * (index - 1) + 3]
  if current and not isOurs(current, value) then
    return 'lost'
  end
  if hasSuccessor(claims, newest[index]) then
    return 'lost'
  end
  if not current and deadline == 0 then
    return isQuarantined(ttlMs) and 'quarantined' or 'lost'
  end
  if not current and claims == '' and not isQuarantined(ttlMs) then
    return 'lost'
  end
  put(key, value, ttlMs)
  return 'extended'
end)
`,
  true,
);
