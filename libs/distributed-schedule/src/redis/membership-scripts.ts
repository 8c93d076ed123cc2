import { FORGET_MEMBER_AFTER_MS, MEMBER_TTL_MS } from '../protocol/constants.js';
import { defineScript } from './redis-scripts.js';

/** Bound of a reply: no cluster of instances is that large, and `unpack` takes no more than 8,000 values. */
const MOST_MEMBERS = 2_000;

/**
 * BEAT: a sign of life, answered with who else is alive and with the newest ticks.
 *
 * KEYS  ledger, members
 * ARGV  prefix of the presence channels ('' = presence is unknown), instance id, tasks ...
 * Reply time, 1 or 0 (the caller's presence is seen), number of members, members ..., then per task as in PEEK
 *
 * It does not write the node set, which only a claim does: one beat of a newer generation that then fails to come up
 * would otherwise fence every instance that works.
 *
 * A score is the node time of the last beat, plus 0.5 when the member's presence was seen at that beat. Only such a
 * member may be judged dead by the absence of its presence; one that never managed to subscribe lives by its beats.
 */
export const BEAT_SCRIPT = defineScript(
  'beat',
  `
local channelPrefix, instanceId = ARGV[1], ARGV[2]

local candidates = redis.call('ZREVRANGEBYSCORE', KEYS[2], text(now + 1), text(now - ${MEMBER_TTL_MS}),
  'WITHSCORES', 'LIMIT', '0', '${MOST_MEMBERS}')
local channels = { channelPrefix .. instanceId }
for i = 1, #candidates, 2 do
  channels[#channels + 1] = channelPrefix .. candidates[i]
end
local subscribers = {}
if channelPrefix ~= '' then
  local counts = redis.call('PUBSUB', 'NUMSUB', unpack(channels))
  for i = 1, #counts, 2 do
    subscribers[counts[i]] = counts[i + 1]
  end
end
local function isPresent(id)
  return (subscribers[channelPrefix .. id] or 0) > 0
end

local reply = { time[1], time[2], isPresent(instanceId) and 1 or 0, 1, instanceId }
for i = 1, #candidates, 2 do
  local id, score = candidates[i], tonumber(candidates[i + 1])
  local hadPresence = score > math.floor(score)
  if id ~= instanceId and (isPresent(id) or not hadPresence) then
    reply[#reply + 1] = id
  end
end
reply[4] = #reply - 4

redis.call('ZADD', KEYS[2], string.format('%.1f', now + (isPresent(instanceId) and 0.5 or 0)), instanceId)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now - ${FORGET_MEMBER_AFTER_MS}))
redis.call('PEXPIRE', KEYS[2], '${FORGET_MEMBER_AFTER_MS}')

local tasks = {}
for i = 3, #ARGV do
  tasks[#tasks + 1] = ARGV[i]
end
for _, value in ipairs(storedTicks(tasks)) do
  reply[#reply + 1] = told(value)
end
return reply
`,
);

/**
 * LEAVE: removes a member at once.
 *
 * KEYS  ledger, members
 * ARGV  instance id
 * Reply time
 */
export const LEAVE_SCRIPT = defineScript(
  'leave',
  `
redis.call('ZREM', KEYS[2], ARGV[1])
return { time[1], time[2] }
`,
);
