import { defineBareScript } from './redis-scripts.js';

/**
 * One hash per job, so that jobs spread over a Cluster: `status`, `attempt`, `holder`, `begun` and `updated` (µs of the server),
 * maybe `token`, `input`, `inputDigest`, `output`, `outputDigest`, `error`; and `since`, after a set-back of the clock:
 * the `begun` that it is about, and from when its age counts.
 * Every reply is `{seconds, microseconds, code, field, value, field, value, …}`, with the hash as it stands afterwards.
 */
const OPENING = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local job = KEYS[1]

local function text(number)
  return string.format('%.0f', number)
end

local function answer(code)
  local reply = redis.call('HGETALL', job)
  table.insert(reply, 1, code)
  table.insert(reply, 1, time[2])
  table.insert(reply, 1, time[1])
  return reply
end

-- Grows even when the server's clock steps back: it is the optimistic lock.
local function nextUpdate()
  return math.max(now, tonumber(redis.call('HGET', job, 'updated') or 0) + 1)
end

local function keepFor(ttlMs)
  if ttlMs ~= '0' then
    redis.call('PEXPIRE', job, ttlMs)
  end
end
`;

/** KEYS[1] job. Codes: `found`, with no fields when there is no such job. */
export const READ_SNAPSHOT_SCRIPT = defineBareScript('read-snapshot', `${OPENING}\nreturn answer('found')`);

/**
 * The rule of once/begin-rule.ts, in its order; one conformance suite compares them.
 *
 * KEYS[1] job. ARGV: token or '', takeover bound in microseconds, time to live in ms or 0, digest and JSON of the input ('' when
 * absent), random id of the attempt, by which a repetition is known. Codes: `begun`, `done`, `pending`, `superseded`.
 */
export const BEGIN_SNAPSHOT_SCRIPT = defineBareScript(
  'begin-snapshot',
  `${OPENING}
local token = tonumber(ARGV[1])
local stored = redis.call('HMGET', job, 'status', 'token', 'begun', 'inputDigest', 'holder', 'since')
local newest = stored[2] and tonumber(stored[2])
if stored[1] == 'success' then
  return answer('done')
end
if stored[1] and token and newest and token < newest then
  return answer('superseded')
end
if stored[1] == 'pending' and stored[5] == ARGV[6] then
  return answer('begun')
end
-- A clock that was set back makes an attempt look as if it began in the future: its age counts from the first look since.
local function age(begun, known)
  local of, since = string.match(known or '', '^(%d+) (%d+)$')
  since = of == begun and tonumber(since) or tonumber(begun)
  if now < since then
    redis.call('HSET', job, 'since', begun .. ' ' .. text(now))
    return 0
  end
  return now - since
end
local isTaken = stored[1] == 'pending'
  and not (token and newest and token > newest)
  and age(stored[3], stored[6]) < tonumber(ARGV[2])
if isTaken then
  return answer('pending')
end
local at = text(nextUpdate())
redis.call('HSET', job, 'status', 'pending', 'begun', at, 'updated', at, 'holder', ARGV[6])
redis.call('HINCRBY', job, 'attempt', 1)
redis.call('HDEL', job, 'error')
if token then
  redis.call('HSET', job, 'token', text(token))
end
if not stored[4] and ARGV[4] ~= '' then
  redis.call('HSET', job, 'inputDigest', ARGV[4])
  if ARGV[5] ~= '' then
    redis.call('HSET', job, 'input', ARGV[5])
  end
end
keepFor(ARGV[3])
return answer('begun')
`,
  true,
);

/**
 * KEYS[1] job. ARGV: the attempt's `begun`, time to live in ms or 0, status, then fields and values to write. Codes: `written`
 * (now, or by an earlier message of the same attempt), `superseded`.
 */
export const END_SNAPSHOT_SCRIPT = defineBareScript(
  'end-snapshot',
  `${OPENING}
local stored = redis.call('HMGET', job, 'begun', 'status')
if stored[1] ~= ARGV[1] then
  return answer('superseded')
end
if stored[2] ~= 'pending' then
  return answer(stored[2] == ARGV[3] and 'written' or 'superseded')
end
redis.call('HSET', job, 'status', ARGV[3], 'updated', text(nextUpdate()))
if #ARGV > 3 then
  redis.call('HSET', job, unpack(ARGV, 4))
end
keepFor(ARGV[2])
return answer('written')
`,
  true,
);

/**
 * Which memory of which server keeps the snapshots. Its text goes with a flush, `run_id` with a restart that may have lost writes,
 * `master_replid` with a failover. Where a script may not ask INFO the text alone counts.
 *
 * KEYS[1] text. ARGV: a random text, for a store that has none. Answers with both.
 */
export const IDENTIFY_STORE_SCRIPT = defineBareScript(
  'identify-store',
  `
local time = redis.call('TIME')
local function shown(section, pattern)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and string.match(info, pattern) or ''
end
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local memory = shown('server', 'run_id:(%w+)') .. ':' .. shown('replication', 'master_replid:(%w+)')
return {time[1], time[2], redis.call('GET', KEYS[1]), memory}
`,
);

/**
 * KEYS[1] entry of the cache. ARGV: time to live in ms, the snapshot as JSON, the channel. Instances that listen keep it too.
 */
export const PUBLISH_SNAPSHOT_SCRIPT = defineBareScript(
  'publish-snapshot',
  `
local time = redis.call('TIME')
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return {time[1], time[2]}
`,
);

/** KEYS[1] entry of the cache. Answers with it, or with ''. */
export const READ_CACHE_SCRIPT = defineBareScript(
  'read-cache',
  `
local time = redis.call('TIME')
return {time[1], time[2], redis.call('GET', KEYS[1]) or ''}
`,
);

/** KEYS[1] entry of the cache. ARGV: what those that listen are told, the channel. */
export const FORGET_CACHED_SCRIPT = defineBareScript(
  'forget-cached',
  `
local time = redis.call('TIME')
-- Removes it, and needs no right beside those for what is kept.
redis.call('PEXPIRE', KEYS[1], 0)
redis.call('PUBLISH', ARGV[2], ARGV[1])
return {time[1], time[2]}
`,
);
