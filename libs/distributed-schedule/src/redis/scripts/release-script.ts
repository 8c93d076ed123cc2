import { ENDS_KEPT_MS, MAX_ENDS, MAX_ENDS_IN_TURN } from '../../protocol/contract/attempt-end.js';
import { EARLY_MS } from '../../protocol/contract/constants.js';
import { LOCK_OPENING } from './lock-scripts.js';
import { CHUNK, defineScript } from './redis-scripts.js';

/**
 * RELEASE: adds per lock to what lock-scripts.ts says of all three
 *   the line of the ledger in which its claims stand; '1' where its runs may overlap, else ''; and how what ran under it has ended:
 *   instant outcome claimId, one per line of text; '' = nothing ran, or no line of this node knows it
 * Per lock
 *   released       it was ours and is gone
 *   absent         it was not ours
 * Time to live, deadline and memory are ignored: a release is welcome at any time.
 *
 * The ends stand in "e:<line>", also after the lock is lost: the instant up to which some were dropped, then per line of text
 * "written instant outcome claimId", oldest first. They decide no start; attempt-end.ts says which are kept.
 * Fields are read and written at once, and texts cut, not parsed: 1,000 locks else held the server's thread for 28 ms.
 */
export const RELEASE_SCRIPT = defineScript(
  'release',
  `${LOCK_OPENING}
local WORDS = 5

-- What was kept of a claim that has ended anew is no more.
local function without(claimId, kept)
  if not string.find(kept, ' ' .. claimId, 1, true) then
    return kept
  end
  local head, ends = string.match(kept, '^(%d+)(.*)$')
  return head .. string.gsub(ends, '\\n%d+ %d+ %S+ ([^\\n]+)', function(known)
    return known == claimId and '' or nil
  end)
end

-- How many ends there are from a place on.
local function countOf(ends, at)
  local count = 0
  at = string.find(ends, '\\n', at, true)
  while at do
    count = count + 1
    at = string.find(ends, '\\n', at + 1, true)
  end
  return count
end

-- Of \`count\` ends that begin at \`first\`: where those begin that stay, how many they are, and up to where some were dropped. The newest was
-- written just now, and stays.
local function shorten(ends, first, count, most, droppedUpTo)
  while first do
    if count <= most and tonumber(string.match(ends, '^%d+', first + 1)) >= now - ${ENDS_KEPT_MS} then
      return first, count, droppedUpTo
    end
    local instant = string.match(ends, ' (%d+)', first)
    if tonumber(instant) > tonumber(droppedUpTo) then
      droppedUpTo = instant
    end
    count, first = count - 1, string.find(ends, '\\n', first + 1, true)
  end
  return first or #ends + 1, count, droppedUpTo
end

local written = '\\n' .. text(now) .. ' '
local function withEnds(kept, ended, most)
  local fresh, count = written .. ended, 1
  if string.find(ended, '\\n', 1, true) then
    fresh = written .. string.gsub(ended, '\\n', written)
    count = countOf(fresh, 1)
    for claimId in string.gmatch(ended, '%d+ %S+ ([^\\n]+)') do
      kept = without(claimId, kept)
    end
  else
    kept = without(string.match(ended, '^%d+ %S+ (.+)$'), kept)
  end
  local droppedUpTo = string.match(kept, '^%d+')
  local first = #droppedUpTo + 1
  count = count + countOf(kept, first)
  if first <= #kept then
    first, count, droppedUpTo = shorten(kept, first, count, most, droppedUpTo)
  end
  if count > most then
    local firstFresh
    firstFresh, count, droppedUpTo = shorten(fresh, 1, count, most, droppedUpTo)
    fresh = string.sub(fresh, firstFresh)
  end
  if tonumber(droppedUpTo) > now + ${EARLY_MS} then
    droppedUpTo = text(now + ${EARLY_MS})
  end
  return droppedUpTo .. string.sub(kept, first) .. fresh
end

local function keepEnds()
  local news, fields, ends = {}, {}, {}
  for i = firstLock + 2, #ARGV, WORDS do
    local field, most, ended = 'e:' .. ARGV[i], ARGV[i + 1] == '1' and ${MAX_ENDS} or ${MAX_ENDS_IN_TURN}, ARGV[i + 2]
    if ended ~= '' then
      news[#news + 1] = { field, most, ended }
      if not ends[field] then
        fields[#fields + 1] = field
        ends[field] = '0'
      end
    end
  end
  for first = 1, #fields, ${CHUNK} do
    local last = math.min(first + ${CHUNK} - 1, #fields)
    for i, stored in ipairs(redis.call('HMGET', KEYS[1], unpack(fields, first, last))) do
      ends[fields[first + i - 1]] = stored or '0'
    end
  end
  for _, new in ipairs(news) do
    local field, most, ended = unpack(new)
    ends[field] = withEnds(ends[field], ended, most)
  end
  local words = {}
  for i, field in ipairs(fields) do
    words[2 * i - 1], words[2 * i] = field, ends[field]
  end
  store(words)
end

keepEnds()
local gone, isGone = {}, {}
local reply = forEachLock(WORDS, function(key, current, value)
  if isGone[key] or not isOurs(current, value) then
    return 'absent'
  end
  gone[#gone + 1], isGone[key] = key, true
  return 'released'
end)
for first = 1, #gone, ${CHUNK} do
  redis.call('DEL', unpack(gone, first, math.min(first + ${CHUNK} - 1, #gone)))
end
return reply
`,
);
