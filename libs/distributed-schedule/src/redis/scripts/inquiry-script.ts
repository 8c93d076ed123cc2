import type { KeptEnd, KeptEnds } from '../../protocol/contract/attempt-end.js';
import { MEMBER_TTL_MS } from '../../protocol/contract/constants.js';
import type { Outcome } from '../../protocol/contract/outcome.js';
import type { InquiryReply, InquiryRequest, LifeSign, LineInquiry } from '../../protocol/contract/ports.js';
import { listOf } from './identity-words.js';
import { all, floorOf, parseTick } from './ledger-words.js';
import { LIVING } from './membership-scripts.js';
import { defineScript } from './redis-scripts.js';

/**
 * INQUIRY: what this node knows of an instance that seems to be gone, without effect.
 *
 * KEYS  ledger, members, then the locks that are asked for
 * ARGV  prefix of the presence channels ('' = presence is unknown), instance id, then per line: line, which of the locks goes with it
 *       (0 = none is asked for)
 * Reply time, then 'alive' (a member), 'silent' (its connection stands or cannot be seen), 'gone' (its connections have ended) or
 *       'unknown' (this node is newer than the silence of a member may be);
 *       then per line '' where no lock is asked for and the newest claim is not the instance's, else
 *       { newest tick as in PEEK, ends as in RELEASE, lock, what it has left to live in ms }
 */
export const INQUIRY_SCRIPT = defineScript(
  'inquiry',
  `
local channelPrefix, instanceId = ARGV[1], ARGV[2]
${LIVING}
local members, isPresent = living(instanceId)
local sign = (isPresent or channelPrefix == '') and 'silent' or 'gone'
for _, member in ipairs(members) do
  if member == instanceId then
    sign = 'alive'
  end
end
if now < since + ${MEMBER_TTL_MS} then
  sign = 'unknown'
end

local lines = {}
for i = 3, #ARGV, 2 do
  lines[#lines + 1] = ARGV[i]
end
local reply = { time[1], time[2], sign }
local owner = instanceId .. ':'
for i, value in ipairs(storedTicks(lines)) do
  local lock = tonumber(ARGV[2 * i + 2])
  local claimId = string.match(value or '', '^%d+ (%S+)') or ''
  if lock == 0 and string.sub(claimId, 1, #owner) ~= owner then
    reply[#reply + 1] = ''
  else
    local ends = redis.call('HGET', KEYS[1], 'e:' .. lines[i]) or ''
    local held = lock > 0 and redis.call('GET', KEYS[2 + lock]) or ''
    local left = held ~= '' and redis.call('PTTL', KEYS[2 + lock]) or 0
    -- Ends go with their line, also where it was written anew since.
    local pruned = isPrunable(lines[i]) and prunedUpTo or 0
    reply[#reply + 1] = { toldWith(value, pruned), ends, held, left }
  end
end
return reply
`,
);

export function wordsOfInquiry({ instanceId, lines }: InquiryRequest): {
  readonly locks: readonly string[];
  readonly words: readonly string[];
} {
  const locks: string[] = [];
  const words = [instanceId];
  for (const { line, lock } of lines) {
    if (lock !== undefined) locks.push(lock);
    words.push(line, lock === undefined ? '0' : String(locks.length));
  }
  return { locks, words };
}

const SIGNS: ReadonlySet<string> = new Set<LifeSign>(['alive', 'silent', 'gone', 'unknown']);
/** Stands for a holder whose presence was not seen. */
const UNSEEN_HOLDER = '-';

export function parseInquiry([sign, ...words]: readonly unknown[], lines: number): InquiryReply | undefined {
  if (!SIGNS.has(String(sign)) || words.length !== lines) return undefined;
  const inquiries: (LineInquiry | undefined)[] = [];
  for (const word of words) {
    const inquiry = word === '' ? undefined : parseLine(listOf(word));
    if (word !== '' && inquiry === undefined) return undefined;
    inquiries.push(inquiry);
  }
  return { sign: sign as LifeSign, lines: inquiries };
}

function parseLine([tick, ends, held, left]: readonly unknown[]): LineInquiry | undefined {
  const newest = parseTick(String(tick));
  const floor = floorOf(String(tick));
  const kept = parseEnds(String(ends));
  if (newest === undefined || kept === undefined) return undefined;
  const [holder] = /^.+(?=:\w+$)/.exec(String(held)) ?? [];
  if (held === '') return { newest, floor, ends: kept };
  const isSeen = holder !== undefined && holder !== UNSEEN_HOLDER;
  return { newest, floor, ends: kept, lock: { ...(isSeen && { holder }), leftMs: Number(left) } };
}

function parseEnds(text: string): KeptEnds | undefined {
  const [dropped = '', ...words] = text.split('\n');
  const ends = all(words, words.length, parseEnd);
  return ends && { droppedUpTo: Number(dropped), ends };
}

function parseEnd(text: string): KeptEnd | undefined {
  const [atMs, instant, outcome = '', ...rest] = text.split(' ');
  const end = { atMs: Number(atMs), instant: Number(instant), claimId: rest.join(' ') };
  const isSound = Number.isSafeInteger(end.atMs) && Number.isSafeInteger(end.instant);
  // A word that only a newer version knows is an end like any other.
  return isSound ? { ...end, outcome: outcome as Outcome } : undefined;
}
