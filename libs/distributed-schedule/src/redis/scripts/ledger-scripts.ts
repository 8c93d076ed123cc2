import { PRUNABLE_MARK, PRUNABLE_NOBODY } from '../../protocol/contract/prunable-lines.js';
import { defineScript } from './redis-scripts.js';
import { SETS } from './set-functions.js';
import { VOTES } from './vote-functions.js';

/**
 * CLAIM: one vote per claim, all or none of a batch reaching the node.
 *
 * KEYS  ledger
 * ARGV  position of this node, set of the caller, deadline in node time (0 = none), number of ids, then per id: position, id;
 *       then per claim: task, tick, claimId, maxLatenessMs
 * Reply time, the ids by which the message was refused (position, id ...), then one word per claim: see {@link VOTES}
 */
export const CLAIM_SCRIPT = defineScript(
  'claim',
  `${SETS}${VOTES}
local position, deadline = ARGV[1], tonumber(ARGV[3])
local firstClaim = 5 + 2 * tonumber(ARGV[4])

local refusal, refused = standing(ARGV[2]), {}
if not refusal then
  refused = refusedIds(position, 5, firstClaim - 1)
  refusal = refusalOf(position, deadline, #refused > 0)
end
local reply = { time[1], time[2], refused }
if refusal then
  for _ = firstClaim, #ARGV, 4 do
    reply[#reply + 1] = refusal
  end
  return reply
end

local tasks = {}
for i = firstClaim, #ARGV, 4 do
  tasks[#tasks + 1] = ARGV[i]
end
readLines(tasks)
for i = firstClaim, #ARGV, 4 do
  reply[#reply + 1] = voteFor(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], tonumber(ARGV[i + 3]), true)
end
storeGrants()
return reply
`,
  true,
);

/**
 * GIVE BACK: takes back grants whose owner has decided never to run the tick.
 *
 * KEYS  ledger
 * ARGV  per claim: task, tick, claimId
 * Reply time
 *
 * Only where that very claim stands. The claim id of the previous tick is gone: it becomes `-`, or `-~` where the line may go.
 */
export const GIVE_BACK_SCRIPT = defineScript(
  'give-back',
  `
local tasks = {}
for i = 1, #ARGV, 3 do
  tasks[#tasks + 1] = ARGV[i]
end
local values = storedTicks(tasks)
local restored = {}
for i, task in ipairs(tasks) do
  local tick, claimId, previous = string.match(values[i] or '', '^(%d+) (%S+) (%d+)$')
  if tick == ARGV[i * 3 - 1] and claimId == ARGV[i * 3] then
    restored[#restored + 1] = 't:' .. task
    local nobody = string.sub(claimId, -1) == '${PRUNABLE_MARK}' and ' ${PRUNABLE_NOBODY} ' or ' - '
    restored[#restored + 1] = previous .. nobody .. previous .. inEpoch
  end
end
store(restored)
return { time[1], time[2] }
`,
);

/**
 * PEEK: the newest tick per task, without effect.
 *
 * KEYS  ledger
 * ARGV  tasks
 * Reply time, then in one text a line per task: "tick claimId previousTick floor", with tick 0 for an unknown task, and up to where its
 *       line may have gone
 */
export const PEEK_SCRIPT = defineScript(
  'peek',
  `
return { time[1], time[2], toldOf(ARGV) }
`,
);
