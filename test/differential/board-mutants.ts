/** Breakages of the board's script: what names a memory, what is told to a node, and what makes way. */

import type { Breakage } from '../support/broken-copy.js';

const SCRIPT = 'redis/scripts/board-script.ts';
const MEMORY = 'redis/scripts/board-memory.ts';

/** Seen by the tests that hold the script to its model and to the suite of both. */
export const BOARD_TESTS = [
  'test/conformance/board.redis.test.ts',
  'test/differential/board-equals-model.test.ts',
];

export const BOARD_SCRIPT_MUTANTS: readonly Breakage[] = [
  {
    name: 'a part of the board that is gone is not noticed',
    file: MEMORY,
    find: "if found ~= written then\n  begin('evicted')\nelseif",
    replace: 'if',
  },
  {
    name: 'dates of expiry may go without a word',
    file: MEMORY,
    find: "' ' .. redis.call('ZCARD', expiry) ..",
    replace: '',
  },
  {
    name: 'what runs leave behind may go from its order without a word',
    file: MEMORY,
    find: " .. ' ' .. redis.call('ZCARD', runs)",
    replace: '',
  },
  {
    name: 'the sizes of the keys are not written down',
    file: SCRIPT,
    find: 'if head[4] ~= sizes() then',
    replace: 'if not head[4] then',
  },
  {
    name: 'an eviction is told as a new memory',
    file: MEMORY,
    find: "begin('evicted')",
    replace: "begin('new')",
  },
  {
    name: 'what is said of another memory counts',
    file: MEMORY,
    find: 'if ARGV[1] == epoch then\n  local away',
    replace: 'if true then\n  local away',
  },
  {
    name: 'a node that was away throws away what it has been given since',
    file: MEMORY,
    find: 'away > 0 and away == inTouch',
    replace: 'away > 0',
  },
  {
    name: 'a node that was away keeps what it kept',
    file: MEMORY,
    find: "    begin('away')",
    replace: "    name('away')",
  },
  {
    name: 'a node is in touch as of an older word',
    file: MEMORY,
    find: 'math.max(inTouch, tonumber(ARGV[4]))',
    replace: 'tonumber(ARGV[4])',
  },
  {
    name: 'an empty memory is in touch as of nothing',
    file: MEMORY,
    find: 'if inTouch == 0 then',
    replace: 'if false then',
  },
  {
    name: 'the newest run makes way on a server',
    file: SCRIPT,
    find: "redis.call('ZRANGEBYSCORE', runs, '-inf', '+inf', 'WITHSCORES'",
    replace: "redis.call('ZREVRANGEBYSCORE', runs, '+inf', '-inf', 'WITHSCORES'",
  },
  {
    name: 'an old run makes a newer one go',
    file: SCRIPT,
    find: '(isOfRun and tonumber(record[1]) <= tonumber(oldest[2]))',
    replace: 'false',
  },
  {
    name: 'nothing makes way for a decision',
    file: SCRIPT,
    find: 'if not oldest[1] or (isOfRun',
    replace: 'if not oldest[1] or not isOfRun or (isOfRun',
  },
  {
    name: 'what makes way stays in the order of runs',
    file: SCRIPT,
    find: "  redis.call('ZREM', runs, key)\n",
    replace: '',
  },
];
