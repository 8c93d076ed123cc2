// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of what names a clock that was set back, and of what leaves it behind. */

import type { Breakage } from '../support/broken-copy.js';

const PRELUDE = 'redis/scripts/redis-scripts.ts';
const VOTES = 'redis/scripts/vote-functions.ts';
const EPOCH = 'redis/scripts/epoch-script.ts';
const CONFIRM = 'redis/scripts/confirm-script.ts';

export const EPOCH_MUTANTS: readonly Breakage[] = [
  {
    name: 'no answer names a clock that was set back',
    file: VOTES,
    find: "return by > 0 and ' ' .. text(by) or ''",
    replace: "return ''",
  },
  {
    name: 'a floor far ahead names no clock',
    file: VOTES,
    find: 'floorAhead > ${ORDINARY_SKEW_MS} and floorAhead or 0',
    replace: '0',
  },
  {
    name: 'ticks bear no epoch',
    file: PRELUDE,
    find: "local inEpoch = epoch > 0 and ' ' .. text(epoch) or ''",
    replace: "local inEpoch = ''",
  },
  {
    name: 'what an older epoch has granted ahead of the clock counts',
    file: PRELUDE,
    find: 'if (tonumber(writtenIn) or 0) < epoch and tonumber(tick) > burntAbove then',
    replace: 'if false then',
  },
  {
    name: 'all that an older epoch has granted is left behind',
    file: PRELUDE,
    find: 'tonumber(writtenIn) or 0) < epoch and tonumber(tick) > burntAbove',
    replace: 'tonumber(writtenIn) or 0) < epoch',
  },
  {
    name: 'what is left behind is told as if somebody had it',
    file: PRELUDE,
    find: "local left = value and value == leftBehind and ' left' or ''",
    replace: "local left = ''",
  },
  {
    name: 'an epoch is raised again by each copy',
    file: EPOCH,
    find: 'if epoch >= asked then',
    replace: 'if epoch > asked then',
  },
  {
    name: 'a raise keeps a floor far ahead',
    file: EPOCH,
    find: '  floor = 0\n',
    replace: '',
  },
  {
    name: 'a raise lets every floor go',
    file: EPOCH,
    find: 'if floor - ${EARLY_MS} - ${MARGIN_MS} - now > ${ORDINARY_SKEW_MS} then',
    replace: 'if true then',
  },
  {
    name: 'a raise begins without a floor',
    file: EPOCH,
    find: 'text(math.max(floor, now + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'text(floor)',
  },
  {
    name: 'a raise keeps the vote',
    file: EPOCH,
    find: "redis.call('HDEL', KEYS[1], 'vote')",
    replace: '',
  },
  {
    name: 'a raise keeps the newest instant for its notes',
    file: EPOCH,
    find: 'if highest > burnt then',
    replace: 'if false then',
  },
  {
    name: 'a raise begins no quarantine of locks',
    file: EPOCH,
    find: "'since', text(now), ",
    replace: '',
  },
  {
    name: 'a raise keeps the instant since when a set stands',
    file: EPOCH,
    find: 'if standsSince and tonumber(standsSince) > burnt then',
    replace: 'if false then',
  },
  {
    name: 'notes of an older epoch count',
    file: CONFIRM,
    find: 'local counts = tonumber(ARGV[at + 4]) >= epoch',
    replace: 'local counts = true',
  },
];
