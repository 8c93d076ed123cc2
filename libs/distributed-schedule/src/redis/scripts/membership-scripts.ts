import { FORGET_MEMBER_AFTER_MS, MARGIN_MS, MEMBER_TTL_MS } from '../../protocol/contract/constants.js';
import { defineScript, unhurried } from './redis-scripts.js';
import { SETS } from './set-functions.js';
import { STANDBY_SETS } from './standby-words.js';

/** Bound of a reply: no cluster of instances is that large, and `unpack` takes no more than 8,000 values. */
const MAX_MEMBERS = 2_000;

/**
 * Who is alive. Needs `channelPrefix` ('' = presence is unknown) and the members in `KEYS[2]`.
 *
 * A score is the node time of the last beat, plus 0.5 where presence was seen: only then may its absence mean death.
 * A beat up to MARGIN ahead is from before the clock stepped back, and counts: the node must not look unused.
 * Ended connections tell who may be dead, which costs a bid. A set that has beaten lately still counts: ticks would double.
 */
export const LIVING = `
-- The live members, the newest beat first; whether \`caller\` is seen; and all that have beaten lately, with who of them lives.
local function living(caller)
  local candidates = redis.call('ZREVRANGEBYSCORE', KEYS[2], text(now + ${MARGIN_MS}), text(now - ${MEMBER_TTL_MS}),
    'WITHSCORES', 'LIMIT', '0', '${MAX_MEMBERS}')
  local channels = { channelPrefix .. caller }
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
  local function isPresent(member)
    return (subscribers[channelPrefix .. member] or 0) > 0
  end
  local members, recent, isLive = {}, {}, {}
  for i = 1, #candidates, 2 do
    local member, score = candidates[i], tonumber(candidates[i + 1])
    local hadPresence = score > math.floor(score)
    recent[#recent + 1] = member
    if isPresent(member) or not hadPresence then
      members[#members + 1] = member
      isLive[member] = true
    end
  end
  return members, isPresent(caller), recent, isLive
end

-- What members said with their last beats, in the same order; false for one whose words are gone.
local function signsOf(members)
  return #members > 0 and redis.call('HMGET', KEYS[3], unpack(members)) or {}
end
`;

/**
 * BEAT: a sign of life, answered with who else is alive, with the newest ticks, and with who this node is.
 *
 * KEYS  ledger, members, beats, and the standby set where there is a word about one
 * ARGV  prefix of the presence channels ('' = presence is unknown), instance id, position of this node, sign,
 *       '' or 'keep count' or 'ask count', tasks ...
 *       A sign is "standsSince|- yields(0|1) app setText|position id position id ...", see identity-words.ts.
 * Reply time, 1 or 0 (the caller's presence is seen), { members ... }, the tasks as in PEEK,
 *       { id, 1 or 0 (it votes at this position), since when it listens, stamp, { position, noted id ... }, epoch, highest, floor },
 *       { per set of somebody who has beaten lately: set, standsSince|-, number of live instances, app, 1 or 0 (they yield) ... },
 *       the answer about the standby set, see standby-words.ts
 *
 * It never writes the node set: a set that fails to come up would fence every instance that works.
 */
export const BEAT_SCRIPT = unhurried(
  defineScript(
    'beat',
    `${SETS}${STANDBY_SETS}
local channelPrefix, instanceId, position, sign = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
${LIVING}
local setText = string.match(sign, '^%S+ %d %S* ([^|]+)|')

local members, isSeen, recent, isLive = living(instanceId)
local function withoutCaller(all)
  local others = {}
  for _, member in ipairs(all) do
    if member ~= instanceId then
      others[#others + 1] = member
    end
  end
  return others
end
local others, recentOthers = withoutCaller(members), withoutCaller(recent)

local liveSets, placeOf = {}, {}
for i, shown in ipairs(signsOf(recentOthers)) do
  -- Most members are of the caller's set: one plain comparison each.
  if shown and not string.find(shown, ' ' .. setText .. '|', 1, true) then
    local stands, yields, app, theirs = string.match(shown, '^(%S+) (%d) (%S*) ([^|]+)|')
    local place = placeOf[theirs .. yields]
    if not place then
      place = #liveSets + 1
      placeOf[theirs .. yields] = place
      liveSets[place] = { theirs, stands, 0, app, tonumber(yields) }
    end
    local liveSet = liveSets[place]
    liveSet[3] = liveSet[3] + (isLive[recentOthers[i]] and 1 or 0)
    if liveSet[2] == '-' or (stands ~= '-' and tonumber(stands) < tonumber(liveSet[2])) then
      liveSet[2] = stands
    end
  end
end

redis.call('ZADD', KEYS[2], string.format('%.1f', now + (isSeen and 0.5 or 0)), instanceId)
redis.call('HSET', KEYS[3], instanceId, sign)
local forgotten = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', text(now - ${FORGET_MEMBER_AFTER_MS}),
  'LIMIT', '0', '${MAX_MEMBERS}')
if #forgotten > 0 then
  redis.call('ZREM', KEYS[2], unpack(forgotten))
  redis.call('HDEL', KEYS[3], unpack(forgotten))
end
redis.call('PEXPIRE', KEYS[2], '${FORGET_MEMBER_AFTER_MS}')
redis.call('PEXPIRE', KEYS[3], '${FORGET_MEMBER_AFTER_MS}')

local noted = {}
for other, known in pairs(notedIds(parseSet(setText).positions, position)) do
  noted[#noted + 1] = other
  noted[#noted + 1] = known
end
local tasks = {}
for i = 6, #ARGV do
  tasks[#tasks + 1] = ARGV[i]
end
local standby, count = string.match(ARGV[5], '^(%a+) (%d+)$')
if standby == 'keep' then
  keepSet(tasks, tonumber(count))
end
local inShort = standby == 'ask' and toldInShort(tonumber(count)) or ''
table.insert(others, 1, instanceId)
local identity = {
  id, vote == position and 1 or 0, text(idSince), stamp, noted, text(epoch), text(highest), text(floor),
}
return { time[1], time[2], isSeen and 1 or 0, others, toldOf(tasks), identity, liveSets, inShort }
`,
  ),
);

/**
 * LEAVE: removes a member at once.
 *
 * KEYS  ledger, members, beats
 * ARGV  instance id
 * Reply time
 */
export const LEAVE_SCRIPT = defineScript(
  'leave',
  `
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return { time[1], time[2] }
`,
);
