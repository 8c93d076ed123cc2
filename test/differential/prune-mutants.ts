// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of what lets a node forget lines, and of what it knows of them afterwards. */

import type { Breakage } from '../support/broken-copy.js';

const PRUNE = 'redis/scripts/prune-script.ts';
const PRELUDE = 'redis/scripts/redis-scripts.ts';
const LEDGER = 'redis/scripts/ledger-scripts.ts';
const VOTES = 'redis/scripts/vote-functions.ts';
const EPOCH = 'redis/scripts/epoch-script.ts';

export const PRUNE_MUTANTS: readonly Breakage[] = [
  {
    name: 'lines go without a floor that stands for them',
    file: PRUNE,
    find: "'pruned', text(math.max(prunedUpTo, upTo)), ",
    replace: '',
  },
  {
    name: 'the floor of lines that have gone may be lowered',
    file: PRUNE,
    find: 'text(math.max(prunedUpTo, upTo))',
    replace: 'text(upTo)',
  },
  {
    name: 'the floor of lines that have gone proves nothing of the clock',
    file: PRUNE,
    find: 'text(math.max(highest, upTo))',
    replace: 'text(highest)',
  },
  {
    name: 'a line goes whatever its claim says',
    file: PRUNE,
    find: "string.sub(claimId, -1) == '${PRUNABLE_MARK}' and ",
    replace: '',
  },
  {
    name: 'a line goes before its attempts are old',
    file: PRUNE,
    find: 'tick + ${INSTANTS_AFTER_A_CLAIM} <= upTo',
    replace: 'tick <= upTo',
  },
  {
    name: 'a line goes one ms too late',
    file: PRUNE,
    find: 'tick + ${INSTANTS_AFTER_A_CLAIM} <= upTo',
    replace: 'tick + ${INSTANTS_AFTER_A_CLAIM} < upTo',
  },
  {
    name: 'lines of what runs once go',
    file: PRELUDE,
    find: "return not string.find(line, '{', 1, true) or",
    replace: 'return true or',
  },
  {
    name: 'lines of triggers stay',
    file: PRELUDE,
    find: " or string.sub(line, 1, ${TRIGGER_LINES.length}) == '${TRIGGER_LINES}'",
    replace: '',
  },
  {
    name: 'a short window is taken as it is told',
    file: PRUNE,
    find: 'math.max(window, ${MIN_WINDOW_MS})',
    replace: 'window',
  },
  {
    name: 'the last window that was told counts, not the longest',
    file: PRUNE,
    find: 'if asked >= window or',
    replace: 'if true or',
  },
  {
    name: 'a window is kept for ever',
    file: PRUNE,
    find: ' or now > toldAt + math.max(window, ${WINDOW_LIFE_MS})',
    replace: '',
  },
  {
    name: 'no rest between two passes',
    file: PRUNE,
    find: "if cursor == '0' and now >= endedAt and now < endedAt + restMs then",
    replace: 'if false then',
  },
  {
    name: 'a pass that ended ahead of the clock keeps the next one waiting',
    file: PRUNE,
    find: 'now >= endedAt and ',
    replace: '',
  },
  {
    name: 'a task without a line is granted what may have been in it',
    file: VOTES,
    find: 'if newest.isAbsent and tick <= newest.tick then',
    replace: 'if false then',
  },
  {
    name: 'the floor of lines that have gone counts for every task',
    file: VOTES,
    find: 'if newest.isAbsent and tick <= newest.tick then',
    replace: 'if tick <= prunedUpTo then',
  },
  {
    name: 'what is given back returns to nothing',
    file: VOTES,
    find: "{ tick = prunedUpTo, claimId = '-', isAbsent = true }",
    replace: "{ tick = tonumber(tick), claimId = '-', isAbsent = tick == '0' and prunedUpTo > 0 }",
  },
  {
    name: 'a give-back makes a line stay',
    file: LEDGER,
    find: "string.sub(claimId, -1) == '${PRUNABLE_MARK}' and ' ${PRUNABLE_NOBODY} ' or ' - '",
    replace: "' - '",
  },
  {
    name: 'nobody who may be forgotten is somebody',
    file: VOTES,
    find: "claimId ~= '-' and claimId ~= '${PRUNABLE_NOBODY}'",
    replace: "claimId ~= '-'",
  },
  {
    name: 'a peek does not tell what may have gone',
    file: PRELUDE,
    find: "local more = (pruned > 0 or left ~= '') and ' ' .. text(pruned) .. left or ''",
    replace: "local more = left ~= '' and ' 0' .. left or ''",
  },
  {
    name: 'a raise keeps the floor of lines that have gone',
    file: EPOCH,
    find: 'if prunedUpTo > burnt then',
    replace: 'if false then',
  },
  {
    name: 'a line that an older epoch has written far ahead never goes',
    file: PRUNE,
    find: 'string.match(counted(slice[2][i + 1]), ',
    replace: 'string.match(slice[2][i + 1], ',
  },
];
