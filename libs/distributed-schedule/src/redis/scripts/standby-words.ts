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

/**
 * Needs `ticksOf` and `told`. `KEYS[4]` is the key of the set, which ends in its digest.
 *
 * An answer in one text: "digest count", owners, a place per task in the list of owners, a digest per LINES_PER_DIGEST of the stored
 * lines, and then the full line of each task whose place is 0. In short goes only what is claimed at that very tick, above every
 * floor, by a claim whose owner has no colon. Empty where the set is not known, or not with so many tasks: that says nothing.
 *
 * The set is a hash: its tasks, packed, and their count; the newest answer, when it was made, and of which tick and memory.
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

local function shortAnswer(count, tick)
  local fields = cmsgpack.unpack(redis.call('HGET', KEYS[4], 'tasks'))
  local lines = ticksOf(fields)
  local pattern = '^' .. tick .. ' ([^: ]+):'
  local isAboveFloor = tonumber(tick) >= floor
  local owners, placeOf, places, full = {}, {}, {}, {}
  for i, line in ipairs(lines) do
    local owner = line and isAboveFloor and string.match(line, pattern)
    if owner and not string.find(line, ':', #tick + #owner + 3, true) then
      if not placeOf[owner] then
        owners[#owners + 1] = owner
        placeOf[owner] = #owners
      end
      places[i] = placeOf[owner]
    else
      full[#full + 1] = told(string.sub(fields[i], 3), line)
      lines[i], places[i] = '-', 0
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
local function toldInShort(count, tick)
  local kept = redis.call('HMGET', KEYS[4], 'count', 'about', 'at', 'answer')
  if not kept[1] or tonumber(kept[1]) ~= count then
    return ''
  end
  redis.call('PEXPIRE', KEYS[4], '${STANDBY_SET_TTL_MS}')
  local about = tick .. ' ' .. id .. ' ' .. text(floor)
  local ageMs = now - tonumber(kept[3] or 0)
  if kept[2] == about and ageMs >= 0 and ageMs <= ${SHORT_ANSWER_AGE_MS} then
    return kept[4]
  end
  local answer = shortAnswer(count, tick)
  redis.call('HSET', KEYS[4], 'about', about, 'at', text(now), 'answer', answer)
  return answer
end
`;

/** One word of a beat. Empty: nothing is asked. */
export function wordOfStandby(question: StandbyQuestion | undefined): string {
  if (question === undefined) return '';
  const { kind, count } = question;
  return kind === 'keep' ? `keep ${count}` : `ask ${count} ${question.tick}`;
}

/** Undefined: the node does not know the set, or has answered about another one, or with too few words. */
export function parseStandby(
  text: unknown,
  { digest, count, tick }: Extract<StandbyQuestion, { kind: 'ask' }>,
): readonly NodeTick[] | undefined {
  const [head, ownersText, codes = '', digestsText, ...fullLines] = linesOf(text);
  if (head !== `${digest} ${count}` || ownersText === undefined || digestsText === undefined)
    return undefined;
  const owners = ownersText === '' ? [] : ownersText.split(' ');
  const places = placesOf(codes, count, owners.length);
  const digests = digestsText.split(' ');
  if (places === undefined || digests.length !== Math.ceil(count / LINES_PER_DIGEST)) return undefined;
  const full = all(fullLines, places.filter((place) => place === 0).length, parseTick)?.values();
  if (full === undefined) return undefined;
  const short = digests.map((one) => owners.map((owner) => shortTick(tick, `${owner}:${one}`)));
  const ticks = places.map((place, index) =>
    place === 0 ? full.next().value : short[Math.floor(index / LINES_PER_DIGEST)]?.[place - 1],
  );
  return ticks.every((one) => one !== undefined) ? ticks : undefined;
}

/** The same object for all tasks of one owner that share a digest. */
function shortTick(tick: number, claimId: string): NodeTick {
  return { tick, claimId, isShort: true };
}

function placesOf(codes: string, count: number, owners: number): readonly number[] | undefined {
  const width = owners >= BASE ? 2 : 1;
  if (codes.length !== count * width) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const digit = (at: number): number => codes.charCodeAt(at) - FIRST_CHARACTER;
    return width === 1 ? digit(index) : digit(2 * index) * BASE + digit(2 * index + 1);
  });
}
