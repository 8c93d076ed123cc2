import type { LedgerId, LedgerIds } from '../../protocol/contract/ledger-id.js';
import type {
  BeatSign,
  ConfirmAnswer,
  EpochAnswer,
  LiveSet,
  NodeIdentity,
  Note,
  NoteAnswer,
  StampAnswer,
  StampRequest,
} from '../../protocol/contract/node-identity.js';
import { parseSet, parseStamp, setText, stampText } from '../../protocol/contract/node-set.js';
import { setBackOfMemoryMs } from '../../protocol/ledger/clock-set-back.js';

/** position, id, position, id …, sorted by position: equal ids are equal words. */
export function wordsOfIds(ids: LedgerIds): readonly string[] {
  return Object.keys(ids)
    .sort()
    .flatMap((position) => [position, ids[position] ?? '']);
}

/** What the beats hash keeps for an instance; no word in it has whitespace or a bar. */
export function textOfSign({ set, app, standsSinceMs, yields, ids }: BeatSign): string {
  const own = [standsSinceMs ?? '-', yields ? 1 : 0, encodeURIComponent(app), setText(set)].join(' ');
  return `${own}|${wordsOfIds(ids).join(' ')}`;
}

export function wordsOfStamp(asked: StampRequest): readonly string[] {
  const { stamp, id = '', expected, raiseFloor, floorFromMs = 0, deadlineMs } = asked;
  return [stampText(stamp), expected, raiseFloor ? '1' : '0', String(deadlineMs), id, String(floorFromMs)];
}

export function wordsOfNote({ noter, noterId, timeMs, hasVote, ids, epoch }: Note): readonly string[] {
  const words = wordsOfIds(ids);
  const head = [noter, noterId, timeMs.toFixed(0), hasVote ? '1' : '0', String(epoch)];
  return [...head, String(words.length / 2), ...words];
}

/** A set that is stored in another form than ours names no position, and so nobody. */
export function parseIds(words: unknown): LedgerIds | undefined {
  if (!Array.isArray(words) || words.length % 2 !== 0) return undefined;
  const ids: Record<string, LedgerId> = {};
  for (let i = 0; i < words.length; i += 2) ids[String(words[i])] = String(words[i + 1]);
  return ids;
}

export function parseIdentity(words: unknown, liveSets: unknown, nowMs: number): NodeIdentity | undefined {
  const [id, hasVote, since, stamp, notedWords, epoch, highest, floor] = listOf(words);
  const noted = parseIds(notedWords);
  const live = listOf(liveSets).map(parseLiveSet);
  const sinceMs = Number(since);
  if (typeof id !== 'string' || noted === undefined || !Number.isSafeInteger(sinceMs)) return undefined;
  return {
    id,
    hasVote: Number(hasVote) === 1,
    sinceMs,
    nowMs: Math.floor(nowMs),
    noted,
    stamp: parseStamp(String(stamp)),
    liveSets: live.filter((one) => one !== undefined),
    epoch: Number(epoch),
    setBackMs: setBackOfMemoryMs({ highest: Number(highest), floor: Number(floor) }, nowMs),
  };
}

export function parseNoteAnswer(position: string, words: readonly unknown[]): NoteAnswer | undefined {
  const [kind, first = '', second, third, fourth, fifth] = words;
  switch (kind) {
    case 'noted': {
      const [timeMs, ids] = [Number(second), parseIds(third)];
      if (ids === undefined || !Number.isSafeInteger(timeMs)) return undefined;
      const [noterId, hasVote, epoch] = [String(first), Number(fourth) === 1, Number(fifth)];
      return { kind, note: { noter: position, noterId, timeMs, hasVote, ids, epoch } };
    }
    case 'not_newer':
      return { kind, newest: String(first) };
    case 'in_use':
      return { kind, by: String(first) };
    case 'foreign':
      return { kind };
    default:
      return undefined;
  }
}

export function parseConfirmAnswer(words: readonly unknown[]): ConfirmAnswer | undefined {
  const [kind, value] = words;
  switch (kind) {
    case 'voting':
    case 'foreign':
      return { kind };
    case 'forced':
      return { kind: 'voting', isForced: true };
    case 'void':
      return { kind, have: Number(value) };
    case 'waiting':
      return { kind, untilMs: Number(value) };
    case 'other_id':
      return { kind, id: String(value) };
    default:
      return undefined;
  }
}

export function parseStampAnswer([word]: readonly unknown[]): StampAnswer | undefined {
  return word === 'stamped' || word === 'changed' || word === 'too_late' ? word : undefined;
}

export function parseEpochAnswer(words: readonly unknown[], nowMs: number): EpochAnswer | undefined {
  const [kind, id, epoch, highest, floor] = words;
  if (typeof id !== 'string' || (kind !== 'raised' && kind !== 'standing')) return undefined;
  const setBackMs = setBackOfMemoryMs({ highest: Number(highest), floor: Number(floor) }, nowMs);
  return { isRaised: kind === 'raised', id, epoch: Number(epoch), setBackMs };
}

function parseLiveSet(words: unknown): LiveSet | undefined {
  const [text, stands, instances, app, yields] = listOf(words);
  const set = parseSet(String(text));
  if (set === undefined) return undefined;
  return {
    set,
    standsSinceMs: stands === '-' ? undefined : Number(stands),
    instances: Number(instances),
    app: decodeURIComponent(String(app)),
    yields: Number(yields) === 1,
  };
}

export function listOf(words: unknown): readonly unknown[] {
  return Array.isArray(words) ? words : [];
}
