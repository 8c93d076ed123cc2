import { ROOMS, RUN, TOLD } from '../../protocol/board/board-keys.js';

/** Opens the board's script: is this the memory that the caller means, and since when is it in touch with instances? */
export const BOARD_MEMORY = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local board, changes, expiry, runs = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function text(number)
  return string.format('%.0f', number)
end

local function sizes()
  return redis.call('ZCARD', changes) .. ' ' .. redis.call('ZCARD', expiry) .. ' ' .. redis.call('ZCARD', runs)
end

local incarnation = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local head = redis.call('HMGET', board, 'epoch', 'sequence', 'inTouch', 'sizes')
local epoch, sequence, inTouch = head[1], tonumber(head[2] or 0), tonumber(head[3] or 0)
local kept = inTouch
local found = sizes()
local written = head[4] or (epoch and found) or '0 0 0'

local function name(cause)
  epoch = incarnation .. ':' .. cause .. ':' .. time[1] .. '.' .. time[2]
  redis.call('HSET', board, 'epoch', epoch)
end
local function begin(cause)
  redis.call('DEL', board, changes, expiry, runs)
  sequence, inTouch, kept = 0, 0, 0
  name(cause)
end
if found ~= written then
  begin('evicted')
elseif not epoch then
  begin('new')
elseif string.sub(epoch, 1, #incarnation) ~= incarnation then
  name('restart')
end

-- A build that did not know the sizes has written it, and did not list what runs had left behind.
if not head[4] and found == written and written ~= '0 0 0' then
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', changes, '-inf', '+inf')) do
    local kind = string.match(key, '^${ROOMS}[^:]*:(%a+:)') or string.match(key, '^(%a+:)')
    if kind == '${RUN}' or kind == '${TOLD}' then
      local ms = string.match(redis.call('HGET', board, 'r:' .. key) or '', '^%d+')
      redis.call('ZADD', runs, ms or '0', key)
    end
  end
end

-- What is said of this memory; what is said of another one counts no more.
if ARGV[1] == epoch then
  local away = tonumber(ARGV[5])
  if away > 0 and away == inTouch then
    begin('away')
  else
    inTouch = math.max(inTouch, tonumber(ARGV[4]))
  end
end
if inTouch == 0 then
  inTouch = tonumber(ARGV[3])
end
if inTouch ~= kept then
  redis.call('HSET', board, 'inTouch', text(inTouch))
end`;
