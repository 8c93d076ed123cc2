import { ACQUIRING, LOCK_OPENING } from './lock-scripts.js';
import { defineScript } from './redis-scripts.js';
import { VOTES } from './vote-functions.js';

/**
 * BID: ACQUIRE and CLAIM in one step. A node votes for a claim where it has granted the lock that comes with it, or says what stands there.
 *
 * KEYS  as ACQUIRE
 * ARGV  as ACQUIRE, with ids; then per lock: value, ttlMs, and its claim: task, tick, claimId, maxLatenessMs; then the set of the caller
 * Reply time, the ids by which the message was refused (position, id ...), then one word per lock, and then one word per claim
 */
export const BID_SCRIPT = defineScript(
  'bid',
  `${LOCK_OPENING}${ACQUIRING}${VOTES}
local words = 6
local reply = forEachLock(words, acquire)
local isRenamed = firstLock == 6 or #refused > 0
local refusal = standing(ARGV[#ARGV]) or refusalOf(position, deadline, isRenamed)
if refusal then
  for _ = 2, #KEYS do
    reply[#reply + 1] = refusal
  end
  return reply
end

local tasks = {}
for i = 2, #KEYS do
  tasks[#tasks + 1] = ARGV[firstLock + words * (i - 2) + 2]
end
readLines(tasks)
for i = 2, #KEYS do
  local first = firstLock + words * (i - 2)
  local hasLock = reply[i + 2] == 'acquired'
  reply[#reply + 1] = voteFor(ARGV[first + 2], tonumber(ARGV[first + 3]), ARGV[first + 4], tonumber(ARGV[first + 5]), hasLock)
end
storeGrants()
return reply
`,
  true,
);
