import { EARLY_MS } from '../protocol/constants.js';
import { defineScript } from './redis-scripts.js';

/**
 * CLAIM: one vote per claim, all or none of a batch reaching the node.
 *
 * KEYS  ledger
 * ARGV  generation, fingerprint, then per claim: task, tick, claimId, maxLatenessMs
 * Reply time, then one word per claim:
 *   granted            stored now, or this very claim stood already (a resent message is harmless)
 *   taken [claimId]    this tick or a later one was granted; the id where it is this very tick
 *   quarantined        at or below the floor of a node that may have forgotten
 *   early              further ahead of the node's clock than EARLY: a fast instance must not burn future ticks,
 *                      and the floor is only sound because of it
 *   late               older than maxLatenessMs: the message sat in a paused server or socket
 *   outdated, conflict the node set rule
 *
 * The order of the checks is part of the argument: a standing grant outlives a raised floor, because it is a vote
 * that this node really gave. What a batch grants is seen by the rest of the same batch.
 */
export const CLAIM_SCRIPT = defineScript(
  'claim',
  `
local standing = nodeSet(ARGV[1], ARGV[2])
local tasks = {}
for i = 3, #ARGV, 4 do
  tasks[#tasks + 1] = ARGV[i]
end
local known = {}
for i, value in ipairs(storedTicks(tasks)) do
  local tick, claimId = string.match(value or '0 - 0', '^(%d+) (%S+)')
  known[tasks[i]] = { tick = tonumber(tick), claimId = claimId }
end

local grants = {}
local function vote(task, tick, claimId, maxLatenessMs)
  local newest = known[task]
  if standing ~= 'current' then
    return standing
  end
  if tick > now + ${EARLY_MS} then
    return 'early'
  end
  if tick < now - maxLatenessMs then
    return 'late'
  end
  if tick == newest.tick and claimId == newest.claimId then
    return 'granted'
  end
  if tick <= floor then
    return 'quarantined'
  end
  if tick == newest.tick and newest.claimId ~= '-' then
    return 'taken ' .. newest.claimId
  end
  if tick <= newest.tick then
    return 'taken'
  end
  grants[#grants + 1] = 't:' .. task
  grants[#grants + 1] = text(tick) .. ' ' .. claimId .. ' ' .. text(newest.tick)
  known[task] = { tick = tick, claimId = claimId }
  return 'granted'
end

local reply = { time[1], time[2] }
for i = 3, #ARGV, 4 do
  reply[#reply + 1] = vote(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], tonumber(ARGV[i + 3]))
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
 * Only where that very claim stands: a later grant, or one to somebody else, stays. The claim id of the previous
 * tick is gone by then, so it becomes `-`, which no claim id equals.
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
    restored[#restored + 1] = previous .. ' - ' .. previous
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
 * Reply time, then per task "tick claimId previousTick floor", with tick 0 for a task that is not known
 */
export const PEEK_SCRIPT = defineScript(
  'peek',
  `
local reply = { time[1], time[2] }
for _, value in ipairs(storedTicks(ARGV)) do
  reply[#reply + 1] = told(value)
end
return reply
`,
);
