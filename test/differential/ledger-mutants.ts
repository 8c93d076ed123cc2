// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the ledger's scripts, made by hand: each removes or weakens one rule of a Lua text. */

import type { Breakage } from '../support/broken-copy.js';

const PRELUDE = 'redis/scripts/redis-scripts.ts';
const LEDGER = 'redis/scripts/ledger-scripts.ts';
const VOTES = 'redis/scripts/vote-functions.ts';

const INCARNATION =
  "local incarnation = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')\n" +
  "  .. ':' .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')";

export const LEDGER_MUTANTS: readonly Breakage[] = [
  {
    name: 'no floor after a loss of memory',
    file: VOTES,
    find: "if tick <= floor then\n    return 'quarantined' .. setBackBy(newest.tick)\n  end",
    replace: '',
  },
  {
    name: 'a tick at the floor is granted',
    file: VOTES,
    find: 'if tick <= floor then',
    replace: 'if tick < floor then',
  },
  {
    name: 'the floor is not kept when it is higher already',
    file: PRELUDE,
    find: 'if stored[2] ~= incarnation then\n  floor = math.max(floor, now + ${EARLY_MS} + ${MARGIN_MS})',
    replace: 'if stored[2] ~= incarnation then\n  floor = now + ${EARLY_MS} + ${MARGIN_MS}',
  },
  { name: 'MARGIN 0', file: PRELUDE, find: '+ ${MARGIN_MS})', replace: '+ 0)' },
  { name: 'the floor forgets EARLY', file: PRELUDE, find: 'now + ${EARLY_MS} + ', replace: 'now + ' },
  {
    name: 'the incarnation is not looked at',
    file: PRELUDE,
    find: 'if stored[2] ~= incarnation then',
    replace: 'if not stored[2] then',
  },
  {
    name: 'the incarnation is the run id only',
    file: PRELUDE,
    find: INCARNATION,
    replace: "local incarnation = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')",
  },
  {
    name: 'the incarnation is the replication id only',
    file: PRELUDE,
    find: INCARNATION,
    replace: "local incarnation = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')",
  },
  {
    name: 'a clock that stepped back is not noticed',
    file: PRELUDE,
    find: 'elseif since > now then',
    replace: 'elseif false then',
  },
  {
    name: 'a raised floor does not begin a quarantine of the locks',
    file: PRELUDE,
    find: '  since = now\n  id =',
    replace: '  id =',
  },
  {
    name: 'numbers in Lua’s own digits',
    file: PRELUDE,
    find: "string.format('%.0f', number)",
    replace: 'tostring(number)',
  },
  {
    name: 'the ledger expires',
    file: PRELUDE,
    find: "'idSince', text(idSince))\n  redis.call('HDEL', KEYS[1], 'vote')",
    replace:
      "'idSince', text(idSince))\n  redis.call('HDEL', KEYS[1], 'vote')\n  redis.call('PEXPIRE', KEYS[1], '60000')",
  },
  {
    name: 'no EARLY check',
    file: VOTES,
    find: "if tick > now + ${EARLY_MS} then\n    return 'early' .. setBackBy(newest.tick)\n  end",
    replace: '',
  },
  {
    name: 'EARLY is one ms more',
    file: VOTES,
    find: 'tick > now + ${EARLY_MS}',
    replace: 'tick > now + ${EARLY_MS} + 1',
  },
  {
    name: 'late claims are not refused',
    file: VOTES,
    find: "if tick < now - maxLatenessMs then\n    return 'late'\n  end",
    replace: '',
  },
  {
    name: 'no idempotent re-grant',
    file: VOTES,
    find: "if tick == newest.tick and claimId == newest.claimId then\n    return 'granted'\n  end",
    replace: '',
  },
  {
    name: 'a grant is repeated below the floor',
    file: VOTES,
    find: 'if tick <= floor then',
    replace: 'if tick <= floor and claimId ~= newest.claimId then',
  },
  {
    name: 'a tick that is taken is granted again',
    file: VOTES,
    find: "if tick == newest.tick and isSomebody(newest.claimId) then\n    return 'taken ' .. newest.claimId\n  end\n  if tick <= newest.tick then",
    replace: 'if tick < newest.tick then',
  },
  {
    name: 'an older tick is granted',
    file: VOTES,
    find: 'if tick <= newest.tick then',
    replace: 'if tick == newest.tick then',
  },
  {
    name: 'a claim does not see what its batch has granted',
    file: VOTES,
    find: '  known[task] = { tick = tick, claimId = claimId }\n',
    replace: '',
  },
  {
    name: 'a grant forgets the tick before',
    file: VOTES,
    find: "claimId .. ' ' .. text(newest.tick) .. inEpoch",
    replace: "claimId .. ' 0' .. inEpoch",
  },
  {
    name: 'give-back of any claim to the tick',
    file: LEDGER,
    find: 'if tick == ARGV[i * 3 - 1] and claimId == ARGV[i * 3] then',
    replace: 'if tick == ARGV[i * 3 - 1] then',
  },
  {
    name: 'give-back of any tick of the claim',
    file: LEDGER,
    find: 'if tick == ARGV[i * 3 - 1] and claimId == ARGV[i * 3] then',
    replace: 'if claimId == ARGV[i * 3] then',
  },
  {
    name: 'give-back restores the tick itself',
    file: LEDGER,
    find: 'restored[#restored + 1] = previous .. nobody .. previous .. inEpoch',
    replace: 'restored[#restored + 1] = tick .. nobody .. previous .. inEpoch',
  },
];
