import {
  INSTANTS_AFTER_A_CLAIM,
  LINES_A_SLICE,
  MIN_WINDOW_MS,
  PRUNABLE_MARK,
  WINDOW_LIFE_MS,
} from '../../protocol/contract/prunable-lines.js';
import { defineScript } from './redis-scripts.js';

/** The prefixes of a line's fields: newest tick, ends of attempts. A field that is missing here outlives its line. */
export const FIELDS_OF_A_LINE = ['t:', 'e:'] as const;

/**
 * PRUNE: forgets lines that are old, a slice of them, and keeps the longest window that it is told of. See prunable-lines.ts.
 *
 * KEYS  ledger
 * ARGV  windowMs of the caller, restMs
 * Reply time, then `more` (lines are left that this pass has not looked at) or `done`, and how many lines are gone
 *
 * The floor of gone lines rises before they go, in the same script, and only then: a node would grant them again.
 * A line is as old as the last instant that its newest tick may still claim. Ends without a line go at the same age.
 * `pass` is the cursor of a pass that instances share, or 0, and when the last one ended.
 */
export const PRUNE_SCRIPT = defineScript(
  'prune',
  `
local asked, restMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'window', 'pass')
local window, toldAt = string.match(kept[1] or '', '^(%d+) (%d+)$')
window, toldAt = tonumber(window or 0), tonumber(toldAt or 0)
if asked >= window or now > toldAt + math.max(window, ${WINDOW_LIFE_MS}) then
  window = asked
  redis.call('HSET', KEYS[1], 'window', text(asked) .. ' ' .. text(now))
end

local cursor, endedAt = string.match(kept[2] or '', '^(%d+) (%d+)$')
cursor, endedAt = cursor or '0', tonumber(endedAt or 0)
if cursor == '0' and now >= endedAt and now < endedAt + restMs then
  return { time[1], time[2], 'done', 0 }
end

local upTo = now - math.max(window, ${MIN_WINDOW_MS})
local slice = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', '${LINES_A_SLICE}')
local lines, gone = {}, {}
for i = 1, #slice[2], 2 do
  local ended = string.match(slice[2][i], '^e:(.+)$')
  if ended and isPrunable(ended) and string.sub(slice[2][i + 1], -1) == '${PRUNABLE_MARK}' then
    local writtenAt = tonumber(string.match(slice[2][i + 1], '\\n(%d+) [^\\n]+$'))
    if writtenAt and writtenAt <= upTo and not redis.call('HGET', KEYS[1], 't:' .. ended) then
      gone[#gone + 1] = 'e:' .. ended
    end
  end
  local line = string.match(slice[2][i], '^t:(.+)$')
  if line and isPrunable(line) then
    local claimId = string.match(slice[2][i + 1], '^%d+ (%S+)')
    local tick = tonumber(string.match(counted(slice[2][i + 1]), '^%d+'))
    if string.sub(claimId, -1) == '${PRUNABLE_MARK}' and tick + ${INSTANTS_AFTER_A_CLAIM} <= upTo then
      lines[#lines + 1] = line
    end
  end
end
if #lines > 0 then
  redis.call('HSET', KEYS[1], 'pruned', text(math.max(prunedUpTo, upTo)), 'highest', text(math.max(highest, upTo)))
  for _, line in ipairs(lines) do
    ${FIELDS_OF_A_LINE.map((prefix) => `gone[#gone + 1] = '${prefix}' .. line`).join('\n    ')}
  end
end
for first = 1, #gone, 1000 do
  redis.call('HDEL', KEYS[1], unpack(gone, first, math.min(first + 999, #gone)))
end
redis.call('HSET', KEYS[1], 'pass', slice[1] .. ' ' .. text(now))
return { time[1], time[2], slice[1] == '0' and 'done' or 'more', #lines }
`,
);
