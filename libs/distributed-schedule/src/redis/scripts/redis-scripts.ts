import { createHash } from 'node:crypto';
import { EARLY_MS, MARGIN_MS, PROTOCOL_VERSION } from '../../protocol/contract/constants.js';
import { TRIGGER_LINES } from '../../protocol/contract/prunable-lines.js';

/**
 * Rules for every Lua script:
 * - The reply is `{seconds, microseconds, ...answer}` with the node's TIME first: any reply is a time sample.
 * - Protocol constants stand in the text. An instance that could choose them could burn future ticks.
 * - Numbers are written with `%.0f`: Lua's own conversion keeps 14 digits, one more than today's ticks have.
 * - No shebang (Redis 6.2 has none) and no expiry on the ledger hash (forgetting a tick doubles it).
 */
export interface RedisScript {
  readonly name: string;
  readonly text: string;
  readonly sha1: string;
  /** Whether a grant of this script should reach replicas before it counts, where `waitReplicas` asks for it. */
  readonly isGrant: boolean;
  /** Whether it may wait to the end of the turn, to leave with others. What a tick waits for may not. */
  readonly mayWait?: boolean;
}

/** `unpack` pushes its values on a stack of 8,000: longer lists go in chunks. */
export const CHUNK = 2_000;

/**
 * Opens every script that touches the namespace. `KEYS[1]` is the ledger hash.
 *
 * The version comes first: what another version has written is neither read nor changed. Without one it is version 0.
 *
 * The incarnation guard: a server that was restarted, flushed, restored or promoted may have forgotten what it granted.
 * That was at most EARLY ahead of a clock which shows at most MARGIN less by now: up to there ticks are refused (`floor`),
 * and run locks for a while (`since`). Its id gets a higher counter and no vote: the others have noted another memory.
 *
 * A clock before `since` has stepped back without a loss: `since` is set anew, or locks would be refused for that long.
 *
 * `run_id` catches a restart, `master_replid` a fail-back. One INFO call with two sections needs Redis 7.
 */
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local function counterOf(id)
  return tonumber(string.match(id or '', '^(%d+)%.') or 0)
end

local stored = redis.call('HMGET', KEYS[1],
  'version', 'incarnation', 'floor', 'since', 'id', 'vote', 'idSince', 'stamp', 'highest', 'epoch', 'burntAbove', 'pruned')
local version = stored[1] or (stored[2] and '0')
if version and version ~= '${PROTOCOL_VERSION}' then
  return redis.error_reply('DSCHEDVERSION ' .. version)
end

local incarnation = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local floor, since = tonumber(stored[3] or 0), tonumber(stored[4] or 0)
local id, vote, idSince = stored[5], stored[6], tonumber(stored[7] or 0)
local stamp, highest = stored[8] or '', tonumber(stored[9] or 0)
local epoch, burntAbove = tonumber(stored[10] or 0), tonumber(stored[11] or 0)
local prunedUpTo = tonumber(stored[12] or 0)
if stored[2] ~= incarnation then
  floor = math.max(floor, now + ${EARLY_MS} + ${MARGIN_MS})
  since = now
  id = text(counterOf(id) + 1) .. '.'
    .. string.sub(redis.sha1hex(incarnation .. ' ' .. time[1] .. '.' .. time[2]), 1, 12)
  vote, idSince = false, now
  redis.call('HSET', KEYS[1], 'version', '${PROTOCOL_VERSION}', 'incarnation', incarnation,
    'floor', text(floor), 'since', text(since), 'id', id, 'idSince', text(idSince))
  redis.call('HDEL', KEYS[1], 'vote')
elseif since > now then
  since = now
  idSince = math.min(idSince, now)
  redis.call('HSET', KEYS[1], 'since', text(since), 'idSince', text(idSince))
end

-- A tick that is written now bears its epoch, once there was more than one.
local inEpoch = epoch > 0 and ' ' .. text(epoch) or ''

-- A stored tick without its epoch, as it counts now: what an older epoch has granted by a clock that was set back since stands for nobody.
local function counted(value)
  if epoch == 0 or not value then
    return value
  end
  local known, tick, writtenIn = string.match(value, '^((%d+) %S+ %d+) ?(%d*)$')
  if (tonumber(writtenIn) or 0) < epoch and tonumber(tick) > burntAbove then
    return text(burntAbove) .. ' - ' .. text(burntAbove)
  end
  return known
end

-- The stored ticks ("tick claimId previousTick", or false) of these fields of the ledger, in order.
local function ticksOf(fields)
  local values = {}
  for first = 1, #fields, ${CHUNK} do
    local chunk = redis.call('HMGET', KEYS[1], unpack(fields, first, math.min(first + ${CHUNK} - 1, #fields)))
    for i = 1, #chunk do
      values[#values + 1] = counted(chunk[i])
    end
  end
  return values
end

local function storedTicks(tasks)
  local fields = {}
  for i = 1, #tasks do
    fields[i] = 't:' .. tasks[i]
  end
  return ticksOf(fields)
end

-- Whether a line may go, or may have gone: see prunable-lines.ts.
local function isPrunable(line)
  return not string.find(line, '{', 1, true) or string.sub(line, 1, ${TRIGGER_LINES.length}) == '${TRIGGER_LINES}'
end

local leftBehind = epoch > 0 and text(burntAbove) .. ' - ' .. text(burntAbove)

-- A task's newest tick as scripts answer it: "tick claimId previousTick floor", then up to where its line may have gone, and "left" where a
-- raise of the epoch has left behind what was granted.
local function toldWith(value, pruned)
  local left = value and value == leftBehind and ' left' or ''
  local more = (pruned > 0 or left ~= '') and ' ' .. text(pruned) .. left or ''
  return (value or '0 - 0') .. ' ' .. text(floor) .. more
end

local function told(line, value)
  return toldWith(value, not value and isPrunable(line) and prunedUpTo or 0)
end

-- The same of all these tasks, in one text with a line for each: a text of its own for each costs its reader ten times as much.
local function toldOf(tasks)
  local lines = {}
  for i, value in ipairs(storedTicks(tasks)) do
    lines[i] = told(tasks[i], value)
  end
  return table.concat(lines, '\\n')
end

-- Writes field, value, field, value ... with one HSET (per ${CHUNK / 2} fields).
local function store(pairsToStore)
  for first = 1, #pairsToStore, ${CHUNK} do
    redis.call('HSET', KEYS[1], unpack(pairsToStore, first, math.min(first + ${CHUNK} - 1, #pairsToStore)))
  end
end
`;

export function defineScript(name: string, body: string, isGrant = false): RedisScript {
  return defineBareScript(name, `${PRELUDE}${body}`, isGrant);
}

/** The same script for what nobody waits for: it leaves with what else is sent in that turn of the event loop. */
export function unhurried(script: RedisScript): RedisScript {
  return { ...script, mayWait: true };
}

/** A script that touches no key of the namespace. */
export function defineBareScript(name: string, body: string, isGrant = false): RedisScript {
  const text = `-- nestjs-distributed-schedule: ${name}\n${body.trim()}\n`;
  return { name, text, sha1: sha1Of(text), isGrant };
}

/** As Redis has it, also within a script. */
export function sha1Of(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
