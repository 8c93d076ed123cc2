import { MOST_CHANGES, MOST_EXCHANGE_LENGTH, MOST_RECORDS } from '../protocol/board/board-record.js';
import { defineBareScript } from './redis-scripts.js';

/** Expired records that one call removes; there is a call per instance and period. */
const MOST_REMOVED = 200;

/**
 * EXCHANGE: puts records on the board and answers what has changed since the caller's cursor.
 *
 * KEYS  board    hash: epoch, sequence, and per record `r:key` = "ms counter writer expiresAtMs value"
 *       changes  sorted set: record key by the number of its last change
 *       expiry   sorted set: record key by the node time at which it is gone
 * ARGV  epoch and sequence of the cursor, then per put: key, ms, counter, writer, expiresAtMs (0 = stays), value
 * Reply time, epoch, sequence (the new cursor), 1 or 0 (there is more to read), number of puts, per put one of
 *         stored   kept now, or this very record was kept already
 *         older    a newer one is kept, or this one has expired
 *         full     no room for a further key
 *       then per change: key, ms, counter, writer, expiresAtMs, value
 *
 * The epoch names this memory: whoever comes with another one reads from the start. It changes with the server's
 * incarnation too, since numbers fall back when a server restarts from an old file. No floor and no abstaining: see
 * protocol/board-node.ts. Stamps are compared as numbers: Lua compares texts by the locale of the server.
 *
 * Nothing here expires by itself; the three keys are written together. If one of them was evicted, the sizes differ, and
 * what is left is thrown away: the instances put it again.
 */
export const EXCHANGE_SCRIPT = defineBareScript(
  'exchange',
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local board, changes, expiry = KEYS[1], KEYS[2], KEYS[3]

local function text(number)
  return string.format('%.0f', number)
end

local incarnation = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local head = redis.call('HMGET', board, 'epoch', 'sequence')
local epoch, sequence = head[1], tonumber(head[2] or 0)
local count = redis.call('ZCARD', changes)
if epoch and redis.call('HLEN', board) ~= count + 2 then
  epoch = false
end
if not epoch then
  redis.call('DEL', board, changes, expiry)
  sequence, count = 0, 0
end
if not epoch or string.sub(epoch, 1, #incarnation) ~= incarnation then
  epoch = incarnation .. ':' .. time[1] .. '.' .. time[2]
  redis.call('HSET', board, 'epoch', epoch, 'sequence', text(sequence))
end

local function remove(key)
  redis.call('HDEL', board, 'r:' .. key)
  redis.call('ZREM', changes, key)
  redis.call('ZREM', expiry, key)
  count = count - 1
end
for _, key in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', text(now), 'LIMIT', '0', '${MOST_REMOVED}')) do
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

local fresh = {}
local function put(key, record)
  local known = read(key)
  local difference = known and compare(record, known) or 1
  if difference == 0 then
    return 'stored'
  end
  local expiresAt = tonumber(record[4])
  if difference < 0 or (expiresAt > 0 and expiresAt <= now) then
    return 'older'
  end
  if not known then
    if count >= ${MOST_RECORDS} then
      return 'full'
    end
    count = count + 1
  end
  sequence = sequence + 1
  redis.call('HSET', board, 'r:' .. key, table.concat(record, ' '))
  redis.call('ZADD', changes, text(sequence), key)
  if expiresAt > 0 then
    redis.call('ZADD', expiry, record[4], key)
  else
    redis.call('ZREM', expiry, key)
  end
  return 'stored'
end

local reply = { time[1], time[2], epoch, 0, 0, 0 }
local before = sequence
for i = 3, #ARGV, 6 do
  local key = ARGV[i]
  local answer = put(key, { ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5] })
  if answer == 'stored' then
    fresh[key] = true
  end
  reply[#reply + 1] = answer
end
reply[6] = #reply - 6
if sequence > before then
  redis.call('HSET', board, 'sequence', text(sequence))
end

local after = ARGV[1] == epoch and ARGV[2] or '0'
local found = redis.call('ZRANGEBYSCORE', changes, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', '0', '${MOST_CHANGES + 1}')
local length = 0
local cursor = sequence
for i = 1, #found, 2 do
  if i > ${2 * MOST_CHANGES} or length >= ${MOST_EXCHANGE_LENGTH} then
    cursor = tonumber(found[i + 1]) - 1
    reply[5] = 1
    break
  end
  local key = found[i]
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
);
