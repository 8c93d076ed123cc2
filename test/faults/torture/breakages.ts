// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the ledger, made by hand, that double ticks on real servers. */

import type { Breakage } from '../../support/broken-copy.js';

const CLAIM = 'redis/scripts/ledger-scripts.ts';
const VOTES = 'redis/scripts/vote-functions.ts';
const PRELUDE = 'redis/scripts/redis-scripts.ts';
const SETS = 'redis/scripts/set-functions.ts';
const CONFIRM = 'redis/scripts/confirm-script.ts';
const CLAIM_ID = 'claimId: `${parts.instanceId}:${parts.random.id()}${markOf(due)}`';

export const BREAKAGES: readonly Breakage[] = [
  {
    name: 'no floor',
    file: VOTES,
    find: "  if tick <= floor then\n    return 'quarantined' .. setBackBy(newest.tick)\n  end\n",
    replace: '',
  },
  {
    name: 'floor at now',
    file: PRELUDE,
    find: 'floor = math.max(floor, now + ${EARLY_MS} + ${MARGIN_MS})',
    replace: 'floor = math.max(floor, now)',
  },
  {
    name: 'MARGIN 0',
    file: 'protocol/contract/constants.ts',
    find: 'MARGIN_MS = 900',
    replace: 'MARGIN_MS = 0',
  },
  {
    name: 'no incarnation',
    file: PRELUDE,
    find: 'if stored[2] ~= incarnation then',
    replace: 'if not stored[2] then',
  },
  {
    name: 'no EARLY check',
    file: VOTES,
    find: "  if tick > now + ${EARLY_MS} then\n    return 'early' .. setBackBy(newest.tick)\n  end\n",
    replace: '',
  },
  {
    name: 'quorum is half of the nodes',
    file: 'protocol/contract/quorum.ts',
    find: 'Math.floor(nodes / 2) + 1',
    replace: 'Math.max(1, Math.floor(nodes / 2))',
  },
  {
    name: 'claim id derived from the tick',
    file: 'protocol/ledger/claim-id.ts',
    find: CLAIM_ID,
    replace: 'claimId: `all:${claimedInstant(due)}`',
  },
  {
    name: 'claim id shared by the attempts of an instance',
    file: 'protocol/ledger/claim-id.ts',
    find: CLAIM_ID,
    replace: 'claimId: `${parts.instanceId}:always`',
  },
  {
    name: 'give-back without compare',
    file: CLAIM,
    find: 'if tick == ARGV[i * 3 - 1] and claimId == ARGV[i * 3] then',
    replace: 'if tick == ARGV[i * 3 - 1] then',
  },
  {
    name: 'an older tick is granted',
    file: VOTES,
    find: "  if tick <= newest.tick then\n    local by = setBackBy(newest.tick)\n    return by == '' and 'taken' or 'taken -' .. by\n  end\n",
    replace: '',
  },
  {
    name: 'no id is looked at',
    file: CLAIM,
    find: 'refusal = refusalOf(position, deadline, #refused > 0)',
    replace: 'refusal = refusalOf(position, deadline, false)',
  },
  {
    name: 'older ids of other positions pass',
    file: SETS,
    find: '    if isOutranked(named[other], known) then\n',
    replace: '    if false then\n',
  },
  {
    name: 'a new id votes without notes',
    file: CONFIRM,
    find: 'local isNoted = voting >= needed or have >= nodes - 1',
    replace: 'local isNoted = true',
  },
  {
    name: 'f notes are enough',
    file: CONFIRM,
    find: 'local isNoted = voting >= needed or have >= nodes - 1',
    replace: 'local isNoted = have >= quorumOf(nodes) - 1',
  },
  {
    name: 'notes raise no floor',
    file: CONFIRM,
    find: 'text(math.max(floor, latest + ${EARLY_MS} + ${MARGIN_MS}))',
    replace: 'text(floor)',
  },
  {
    name: 'no note is ever void',
    file: CONFIRM,
    find: 'note.noted == id and newest[note.noter] == note.id and not isContested[note.noter]',
    replace: 'note.noted == id',
  },
];

/** @throws Error when there is none of that name */
export function requireBreakage(name: string): Breakage {
  const breakage = BREAKAGES.find((one) => one.name === name);
  if (breakage === undefined) {
    throw new Error(`no breakage '${name}'; there are: ${BREAKAGES.map((one) => one.name).join(', ')}`);
  }
  return breakage;
}
