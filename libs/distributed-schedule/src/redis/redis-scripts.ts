import { createHash } from 'node:crypto';
import { EARLY_MS, MARGIN_MS } from '../protocol/constants.js';

/**
 * What all Lua scripts have in common. The scripts themselves stand in ledger-scripts.ts, membership-scripts.ts,
 * lock-scripts.ts, board-script.ts and store-handshake.ts, each with its keys, arguments and reply codes above it.
 *
 * Rules for every script:
 * - The reply is `{seconds, microseconds, ...answer}` with the node's TIME first, so that any reply is a time sample.
 * - Protocol constants stand in the text. An instance that could choose them could burn future ticks, and the
 *   text's hash is the protocol version.
 * - Numbers are written with `%.0f`: Lua's own conversion keeps 14 digits, one more than today's ticks have.
 * - No shebang (Redis 6.2 has none) and no expiry on the ledger hash (forgetting a tick doubles it).
 */
export interface RedisScript {
  /** For errors and tests. */
  readonly name: string;
  readonly text: string;
  readonly sha1: string;
  /** Whether a grant of this script should reach replicas before it counts, where `waitReplicas` asks for it. */
  readonly isGrant: boolean;
}

/** `unpack` pushes its values on a stack of 8,000: longer lists go in chunks. */
const CHUNK = 2_000;

/**
 * Opens every script that touches the namespace. `KEYS[1]` is the ledger hash.
 *
 * The incarnation guard: a server that was restarted, flushed, restored, promoted, or whose hash was evicted may
 * have forgotten what it granted. Whatever it forgot was at most EARLY ahead of its clock at that time, and the
 * clock shows at most MARGIN less than when it last granted. So every tick up to `now + EARLY + MARGIN` is refused from
 * here on (`floor`), and run locks are refused for a while (`since`). A clock that stands before `since` has
 * stepped back without a loss: it is treated alike, or locks would be refused for the length of the step.
 *
 * `run_id` catches a restart, `master_replid` a fail-back to a server that never stopped. Two INFO calls: one call
 * with two sections needs Redis 7.
 */
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local incarnation = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local stored = redis.call('HMGET', KEYS[1], 'incarnation', 'floor', 'since', 'generation', 'fingerprint')
local floor = tonumber(stored[2] or 0)
local since = tonumber(stored[3] or 0)
if stored[1] ~= incarnation or since > now then
  floor = math.max(floor, now + ${EARLY_MS} + ${MARGIN_MS})
  since = now
  redis.call('HSET', KEYS[1], 'incarnation', incarnation, 'floor', text(floor), 'since', text(since))
end

-- The stored ticks ("tick claimId previousTick", or false) of tasks, in order.
local function storedTicks(tasks)
  local values = {}
  for first = 1, #tasks, ${CHUNK} do
    local fields = {}
    for i = first, math.min(first + ${CHUNK} - 1, #tasks) do
      fields[#fields + 1] = 't:' .. tasks[i]
    end
    local chunk = redis.call('HMGET', KEYS[1], unpack(fields))
    for i = 1, #fields do
      values[#values + 1] = chunk[i]
    end
  end
  return values
end

-- What a task's newest tick is, for whoever asks: "tick claimId previousTick floor".
local function told(value)
  return (value or '0 - 0') .. ' ' .. text(floor)
end

-- Writes field, value, field, value ... with one HSET (per ${CHUNK / 2} fields).
local function store(pairsToStore)
  for first = 1, #pairsToStore, ${CHUNK} do
    redis.call('HSET', KEYS[1], unpack(pairsToStore, first, math.min(first + ${CHUNK} - 1, #pairsToStore)))
  end
end

-- The node set rule: 'current', 'outdated' (a newer generation was here) or 'conflict' (another set, same generation).
local function nodeSet(generation, fingerprint)
  local known = tonumber(stored[4] or -1)
  if known < tonumber(generation) then
    redis.call('HSET', KEYS[1], 'generation', generation, 'fingerprint', fingerprint)
    return 'current'
  end
  if known > tonumber(generation) then
    return 'outdated'
  end
  return stored[5] == fingerprint and 'current' or 'conflict'
end
`;

/** A script with the shared opening. */
export function defineScript(name: string, body: string, isGrant = false): RedisScript {
  return defineBareScript(name, `${PRELUDE}${body}`, isGrant);
}

/** A script that touches no key of the namespace. */
export function defineBareScript(name: string, body: string, isGrant = false): RedisScript {
  const text = `-- nestjs-distributed-schedule: ${name}\n${body.trim()}\n`;
  return { name, text, sha1: createHash('sha1').update(text).digest('hex'), isGrant };
}
