/** The part of a beat that is about a standby set, and the short answer to it. */

import type { NodeTick } from '../../protocol/contract/ports.js';
import {
  LINES_PER_DIGEST,
  SHORT_ANSWER_AGE_MS,
  STANDBY_SET_TTL_MS,
  type StandbyQuestion,
} from '../../protocol/contract/standby-set.js';
import { all, linesOf, parseTick } from './ledger-words.js';

/** A place is written as characters from this one on, in base 64: no quotes, no spaces, no line ends. */
const FIRST_CHARACTER = 48;
const BASE = 64;

/** Of the 40 digits of a SHA-1: 128 bits, as many as a claim id has itself. */
const DIGITS = 32;

/** As many places as two characters tell apart, without that of a full line. */
const MAX_OWNERS = BASE * BASE - 1;

/**
 * Needs `ticksOf` and `told`. `KEYS[4]` is the key of the set, which ends in its digest.
 *
 * An answer in one text: "digest count", the list of those who have claimed something ("tick owner tick owner ..."), a place in that
 * list per task, a digest per LINES_PER_DIGEST of the stored lines, and then the full line of each task whose place is 0. In full
 * goes what nobody has claimed, what lies below the floor, and what an owner with a colon has claimed.
 * Empty where the set is not known, or not with so many tasks: that says nothing.
 *
 * The set is a hash: its tasks, packed, and their count; the newest answer, when it was made, and of which memory.
 */
export const STANDBY_SETS = `
-- Keeps the first tasks of a question, under the digest that is theirs.
local function keepSet(tasks, count)
  local digest = redis.sha1hex(table.concat(tasks, '\\n', 1, count))
  if string.sub(KEYS[4], -41) ~= ':' .. digest then
    return
  end
  local fields = {}
  for i = 1, count do
    fields[i] = 't:' .. tasks[i]
  end
  redis.call('HSET', KEYS[4], 'count', text(count), 'tasks', cmsgpack.pack(fields))
  redis.call('PEXPIRE', KEYS[4], '${STANDBY_SET_TTL_MS}')
end

-- Digests of lines, ${LINES_PER_DIGEST} each.
local function digestsOf(lines)
  local digests = {}
  for first = 1, #lines, ${LINES_PER_DIGEST} do
    local last = math.min(first + ${LINES_PER_DIGEST} - 1, #lines)
    digests[#digests + 1] = string.sub(redis.sha1hex(table.concat(lines, '\\n', first, last)), 1, ${DIGITS})
  end
  return digests
end

-- Places as text, with two characters for each where there are too many owners for one.
local function textOfPlaces(places, ownerCount)
  local codes = {}
  local isWide = ownerCount >= ${BASE}
  for i, place in ipairs(places) do
    codes[i] = isWide
      and string.char(${FIRST_CHARACTER} + math.floor(place / ${BASE}), ${FIRST_CHARACTER} + place % ${BASE})
      or string.char(${FIRST_CHARACTER} + place)
  end
  return table.concat(codes)
end

-- Who has claimed what, each "tick owner" once.
local function newOwners()
  local owners, placeOf = {}, {}
  local function placeFor(claimed)
    if not placeOf[claimed] then
      local isShort = #owners < ${MAX_OWNERS} and tonumber(string.match(claimed, '^%d+')) >= floor
      owners[#owners + 1] = isShort and claimed or nil
      placeOf[claimed] = isShort and #owners or 0
    end
    return placeOf[claimed]
  end
  return owners, placeFor
end

local function shortAnswer(count)
  local fields = cmsgpack.unpack(redis.call('HGET', KEYS[4], 'tasks'))
  local lines = ticksOf(fields)
  local owners, placeFor = newOwners()
  local places, full = {}, {}
  for i, line in ipairs(lines) do
    local claimed = line and string.match(line, '^(%d+ [^: ]+):')
    local isPlain = claimed and not string.find(line, ':', #claimed + 2, true)
    places[i] = isPlain and placeFor(claimed) or 0
    if places[i] == 0 then
      full[#full + 1] = told(string.sub(fields[i], 3), line)
      lines[i] = '-'
    end
  end
  local head = {
    string.sub(KEYS[4], -40) .. ' ' .. text(count),
    table.concat(owners, ' '),
    textOfPlaces(places, #owners),
    table.concat(digestsOf(lines), ' '),
  }
  return table.concat(head, '\\n') .. (#full > 0 and '\\n' .. table.concat(full, '\\n') or '')
end

-- All instances look at the same moment: what was answered to the first is an answer to the others.
local function toldInShort(count)
  local kept = redis.call('HMGET', KEYS[4], 'count', 'memory', 'at', 'answer')
  if not kept[1] or tonumber(kept[1]) ~= count then
    return ''
  end
  redis.call('PEXPIRE', KEYS[4], '${STANDBY_SET_TTL_MS}')
  local memory = id .. ' ' .. text(floor)
  local ageMs = now - tonumber(kept[3] or 0)
  if kept[2] == memory and ageMs >= 0 and ageMs <= ${SHORT_ANSWER_AGE_MS} then
    return kept[4]
  end
  local answer = shortAnswer(count)
  redis.call('HSET', KEYS[4], 'memory', memory, 'at', text(now), 'answer', answer)
  return answer
end
`;

/** One word of a beat. Empty: nothing is asked. */
export function wordOfStandby(question: StandbyQuestion | undefined): string {
  if (question === undefined) return '';
  return `${question.kind} ${question.count}`;
}

/** Undefined: the node does not know the set, or has answered about another one, or with too few words. */
export function parseStandby(
  text: unknown,
  { digest, count }: StandbyQuestion,
): readonly NodeTick[] | undefined {
  const [head, ownersText = '', codes = '', digestsText, ...fullLines] = linesOf(text);
  if (head !== `${digest} ${count}` || digestsText === undefined) return undefined;
  const owners = ownersOf(ownersText);
  const places = placesOf(codes, count, owners?.length ?? 0);
  const digests = digestsText.split(' ');
  if (owners === undefined || places === undefined) return undefined;
  if (digests.length !== Math.ceil(count / LINES_PER_DIGEST)) return undefined;
  const full = all(fullLines, places.filter(isFull).length, parseTick)?.values();
  if (full === undefined) return undefined;
  // The same object for all tasks of one owner that share a digest.
  const short = digests.map((one) => owners.map(({ tick, owner }) => shortTick(tick, `${owner}:${one}`)));
  const ticks = places.map((place, index) =>
    isFull(place) ? full.next().value : short[Math.floor(index / LINES_PER_DIGEST)]?.[place - 1],
  );
  return ticks.every((one) => one !== undefined) ? ticks : undefined;
}

function isFull(place: number): boolean {
  return place === 0;
}

function shortTick(tick: number, claimId: string): NodeTick {
  return { tick, claimId, isShort: true };
}

interface Owner {
  readonly tick: number;
  readonly owner: string;
}

function ownersOf(text: string): readonly Owner[] | undefined {
  const words = text === '' ? [] : text.split(' ');
  const owners: Owner[] = [];
  for (let index = 0; index < words.length; index += 2) {
    const [tick, owner] = [Number(words[index]), words[index + 1]];
    if (!Number.isSafeInteger(tick) || owner === undefined) return undefined;
    owners.push({ tick, owner });
  }
  return owners;
}

function placesOf(codes: string, count: number, owners: number): readonly number[] | undefined {
  const width = owners >= BASE ? 2 : 1;
  if (codes.length !== count * width) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const digit = (at: number): number => codes.charCodeAt(at) - FIRST_CHARACTER;
    return width === 1 ? digit(index) : digit(2 * index) * BASE + digit(2 * index + 1);
  });
}
