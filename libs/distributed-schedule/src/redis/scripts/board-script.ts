import { MAX_CHANGES, MAX_EXCHANGE_LENGTH } from '../../protocol/board/board-record.js';
import { BOARD_SHARES } from '../../protocol/board/board-shares.js';
import { BOARD_MEMORY } from './board-memory.js';
import { defineBareScript, unhurried } from './redis-scripts.js';

/** Expired records that one call removes; there is a call per instance and period. */
const MAX_REMOVED = 200;

/**
 * EXCHANGE: puts records on the board and answers what has changed since the caller's cursor.
 *
 * KEYS  board    hash: epoch, sequence, inTouch, sizes, and per record `r:key` = "ms counter writer expiresAtMs value"
 *       changes  sorted set: record key by the number of its last change
 *       expiry   sorted set: record key by the node time at which it is gone
 *       runs     sorted set: key of what a run has left behind by the ms of its stamp
 * ARGV  epoch and sequence of the cursor, nowMs, inTouchMs, awaySinceMs (see protocol/board/board-node.ts),
 *       then per put: key, ms, counter, writer, expiresAtMs (0 = stays), value, room (see protocol/board/board-shares.ts)
 * Reply time, epoch, sequence (the new cursor), 1 or 0 (there is more to read), inTouch, number of puts, per put one of
 *         stored    kept now, or this very record was kept already
 *         older     a newer one is kept, or this one has expired
 *         full      no room for a further key
 *         outlived  left behind by a run, and there is room for newer ones only
 *       then per change: key, ms, counter, writer, expiresAtMs, value
 *
 * The epoch names this memory, and changes with the server's incarnation: numbers fall back with an old file.
 * Stamps are compared as numbers: Lua compares texts by the locale of the server.
 * Nothing expires by itself. If one key was removed, `sizes` differs, and the rest is thrown away: instances put it again.
 */
export const EXCHANGE_SCRIPT = unhurried(
  defineBareScript(
    'exchange',
    `
${BOARD_MEMORY}

local count = redis.call('ZCARD', changes)
local function remove(key)
  redis.call('HDEL', board, 'r:' .. key)
  redis.call('ZREM', changes, key)
  redis.call('ZREM', expiry, key)
  redis.call('ZREM', runs, key)
  count = count - 1
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', text(now), 'LIMIT', '0', '${MAX_REMOVED}')) do
  remove(key)
end

local function read(key)
  local stored = redis.call('HGET', board, 'r:' .. key)
  if not stored then
    return nil
  end
  local ms, counter, writer, expiresAt, value = string.match(stored, '^(%d+) (%d+) (%x+) (%d+) (.*)$')
  return { ms, counter, writer, expiresAt, value }
end

-- Positive: the first is newer. 0: the same.
local function compare(one, other)
  local difference = tonumber(one[1]) - tonumber(other[1])
  if difference == 0 then
    difference = tonumber(one[2]) - tonumber(other[2])
  end
  if difference == 0 then
    difference = tonumber(one[3], 16) - tonumber(other[3], 16)
  end
  return difference
end

-- Where there is none the oldest record of a run makes way, but not for one that is as old.
local function hasRoomFor(record, room, isOfRun)
  if count < room then
    return true
  end
  local oldest = redis.call('ZRANGEBYSCORE', runs, '-inf', '+inf', 'WITHSCORES', 'LIMIT', '0', '1')
  if not oldest[1] or (isOfRun and tonumber(record[1]) <= tonumber(oldest[2])) then
    return false
  end
  remove(oldest[1])
  return true
end

local fresh = {}
local function put(key, record, room)
  local known = read(key)
  local difference = known and compare(record, known) or 1
  if difference == 0 then
    return 'stored'
  end
  local expiresAt = tonumber(record[4])
  if difference < 0 or (expiresAt > 0 and expiresAt <= now) then
    return 'older'
  end
  local isOfRun = room == ${BOARD_SHARES.runs}
  if not known then
    if not hasRoomFor(record, room, isOfRun) then
      return isOfRun and 'outlived' or 'full'
    end
    count = count + 1
  end
  sequence = sequence + 1
  redis.call('HSET', board, 'r:' .. key, table.concat(record, ' '))
  redis.call('ZADD', changes, text(sequence), key)
  if isOfRun then
    redis.call('ZADD', runs, record[1], key)
  end
  if expiresAt > 0 then
    redis.call('ZADD', expiry, record[4], key)
  else
    redis.call('ZREM', expiry, key)
  end
  return 'stored'
end

local reply = { time[1], time[2], epoch, 0, 0, text(inTouch), 0 }
local first = sequence
for i = 6, #ARGV, 7 do
  local key = ARGV[i]
  local answer = put(key, { ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5] }, tonumber(ARGV[i + 6]))
  if answer == 'stored' then
    fresh[key] = true
  end
  reply[#reply + 1] = answer
end
reply[7] = #reply - 7
if sequence > first then
  redis.call('HSET', board, 'sequence', text(sequence))
end
if head[4] ~= sizes() then
  redis.call('HSET', board, 'sizes', sizes())
end

local after = ARGV[1] == epoch and ARGV[2] or '0'
local news = redis.call('ZRANGEBYSCORE', changes, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', '0', '${MAX_CHANGES + 1}')
local length = 0
local cursor = sequence
for i = 1, #news, 2 do
  if i > ${2 * MAX_CHANGES} or length >= ${MAX_EXCHANGE_LENGTH} then
    cursor = tonumber(news[i + 1]) - 1
    reply[5] = 1
    break
  end
  local key = news[i]
  if not fresh[key] then
    local record = read(key)
    if record then
      length = length + #key + #record[5]
      reply[#reply + 1] = key
      for _, part in ipairs(record) do
        reply[#reply + 1] = part
      end
    end
  end
end
reply[4] = text(cursor)
return reply
`,
  ),
);
