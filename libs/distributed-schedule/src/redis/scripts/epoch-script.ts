import { EARLY_MS, MARGIN_MS } from '../../protocol/contract/constants.js';
import { ORDINARY_SKEW_MS } from '../../protocol/ledger/clock-set-back.js';
import { defineScript } from './redis-scripts.js';

/**
 * RAISE EPOCH: leaves behind what was granted by a clock that has been set back since.
 *
 * KEYS  ledger
 * ARGV  epoch (0: only asks)
 * Reply time, then `raised` or `standing`, id, epoch, and the newest instant granted and the floor as they were before
 *
 * A loss of memory on purpose: a new id without a vote, and a floor above all that this clock has let be granted.
 * Ticks are not rewritten: each bears its epoch, see `counted`. A repetition finds the epoch raised and does nothing.
 * A stamp or a floor from ahead was put by that clock too: its set would else give way to every other one.
 */
export const RAISE_EPOCH_SCRIPT = defineScript(
  'raise epoch',
  `
local asked = tonumber(ARGV[1])
local before = { text(highest), text(floor) }
if epoch >= asked then
  return { time[1], time[2], 'standing', id, text(epoch), before[1], before[2] }
end
local burnt = now + ${EARLY_MS}
if floor - ${EARLY_MS} - ${MARGIN_MS} - now > ${ORDINARY_SKEW_MS} then
  floor = 0
end
id = text(counterOf(id) + 1) .. '.'
  .. string.sub(redis.sha1hex(incarnation .. ' ' .. text(asked) .. ' ' .. time[1] .. '.' .. time[2]), 1, 12)
local changes = {
  'epoch', text(asked), 'burntAbove', text(burnt), 'floor', text(math.max(floor, now + ${EARLY_MS} + ${MARGIN_MS})),
  'since', text(now), 'idSince', text(now), 'id', id,
}
if highest > burnt then
  changes[#changes + 1] = 'highest'
  changes[#changes + 1] = text(burnt)
end
if prunedUpTo > burnt then
  changes[#changes + 1] = 'pruned'
  changes[#changes + 1] = text(burnt)
end
local standsSince, ofSet = string.match(stamp, '^(%d+)( .*)$')
if standsSince and tonumber(standsSince) > burnt then
  changes[#changes + 1] = 'stamp'
  changes[#changes + 1] = text(now) .. ofSet
end
store(changes)
redis.call('HDEL', KEYS[1], 'vote')
return { time[1], time[2], 'raised', id, text(asked), before[1], before[2] }
`,
);
