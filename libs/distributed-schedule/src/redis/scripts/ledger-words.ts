/** Votes and newest instants out of the scripts' words. A word that cannot be understood makes the reply none. */

import type { Claim, ClaimReply, ClaimVote, NodeTick } from '../../protocol/contract/ports.js';
import { PRUNABLE_NOBODY, type PruneAnswer } from '../../protocol/contract/prunable-lines.js';
import { parseIds } from './identity-words.js';

/** Stand for the claim id of a tick that nobody has. */
const NOBODY = '-';
const LEFT_BEHIND = 'left';
const NOBODIES = [NOBODY, PRUNABLE_NOBODY];

/** What stands on the lines of one text; none where there is no text. */
export function linesOf(text: unknown): readonly string[] {
  return typeof text !== 'string' || text === '' ? [] : text.split('\n');
}

export function all<T>(
  texts: readonly unknown[],
  count: number,
  parse: (text: string) => T | undefined,
): readonly T[] | undefined {
  const values: T[] = [];
  for (const text of texts) {
    const value = parse(String(text));
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values.length === count ? values : undefined;
}

export function parseClaimReply(
  refused: unknown,
  words: readonly unknown[],
  count: number,
): ClaimReply | undefined {
  const votes = parseVotes(words, count);
  const ids = parseIds(refused);
  if (votes === undefined || ids === undefined) return undefined;
  return Object.keys(ids).length === 0 ? { votes } : { votes, ids };
}

export function parseVotes(words: readonly unknown[], count: number): readonly ClaimVote[] | undefined {
  return all(words, count, parseVote);
}

export function wordsOfClaim({ task, tick, claimId, maxLatenessMs }: Claim): readonly string[] {
  return [task, String(tick), claimId, String(maxLatenessMs)];
}

function parseVote(word: string): ClaimVote | undefined {
  const [kind, second, third] = word.split(' ');
  switch (kind) {
    case 'quarantined':
    case 'early':
      return { kind, ...setBackBy(second) };
    case 'granted':
    case 'late':
    case 'too_late':
    case 'unstamped':
    case 'outdated':
    case 'conflict':
    case 'renamed':
    case 'unconfirmed':
    case 'not_asked':
      return { kind };
    case 'taken':
      return second === undefined || second === NOBODY
        ? { kind, ...setBackBy(third) }
        : { kind, claimId: second };
    default:
      return undefined;
  }
}

function setBackBy(word: string | undefined): { readonly setBackMs?: number } {
  const setBackMs = Number(word ?? 0);
  return setBackMs > 0 ? { setBackMs } : {};
}

export function parseTick(text: string): NodeTick | undefined {
  return parseClaimedTick(text) ?? parseAnyTick(text);
}

/** What most are: four words, claimed, and past the floor. Read without a list of words, for each tick of each node. */
function parseClaimedTick(text: string): NodeTick | undefined {
  const tickEnd = text.indexOf(' ');
  const idEnd = text.indexOf(' ', tickEnd + 1);
  const floorStart = text.indexOf(' ', idEnd + 1) + 1;
  if (tickEnd < 0 || idEnd < 0 || floorStart === 0 || text.includes(' ', floorStart)) return undefined;
  const [tick, floor] = [Number(text.slice(0, tickEnd)), Number(text.slice(floorStart))];
  const claimId = text.slice(tickEnd + 1, idEnd);
  const isPlain = Number.isSafeInteger(tick) && Number.isSafeInteger(floor) && floor <= tick;
  return isPlain && !NOBODIES.includes(claimId) ? { tick, claimId } : undefined;
}

function parseAnyTick(text: string): NodeTick | undefined {
  const [tickText, claimId = NOBODY, , floorText, prunedText, mark] = text.split(' ');
  const [tick, floor, prunedUpTo] = [Number(tickText), Number(floorText), Number(prunedText ?? 0)];
  if (![tick, floor, prunedUpTo].every(Number.isSafeInteger)) return undefined;
  return {
    tick,
    ...(!NOBODIES.includes(claimId) && { claimId }),
    ...(floor > tick && { floor }),
    ...(prunedUpTo > 0 && { prunedUpTo }),
    ...(mark === LEFT_BEHIND && { isLeftBehind: true }),
  };
}

/** Of a text that {@link parseTick} understands: also a floor that its tick has passed. */
export function floorOf(text: string): number {
  return Number(text.split(' ')[3]);
}

export function parsePruneAnswer([kind, pruned]: readonly unknown[]): PruneAnswer | undefined {
  if (kind !== 'more' && kind !== 'done') return undefined;
  return { isUnfinished: kind === 'more', pruned: Number(pruned) };
}
