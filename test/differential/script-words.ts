/** Questions as messages to a server, and its replies in words that can be compared. */

import { setText } from '#src/protocol/contract/node-set.js';
import type { StandbyQuestion } from '#src/protocol/contract/standby-set.js';
import { setBackOfMemoryMs } from '#src/protocol/ledger/clock-set-back.js';
import { BID_SCRIPT } from '#src/redis/scripts/bid-script.js';
import { CONFIRM_SCRIPT } from '#src/redis/scripts/confirm-script.js';
import { RAISE_EPOCH_SCRIPT } from '#src/redis/scripts/epoch-script.js';
import { NOTE_SCRIPT, RENUMBER_SCRIPT, STAMP_SCRIPT } from '#src/redis/scripts/identity-scripts.js';
import { textOfSign, wordsOfIds, wordsOfNote, wordsOfStamp } from '#src/redis/scripts/identity-words.js';
import { INQUIRY_SCRIPT, wordsOfInquiry } from '#src/redis/scripts/inquiry-script.js';
import { CLAIM_SCRIPT, GIVE_BACK_SCRIPT, PEEK_SCRIPT } from '#src/redis/scripts/ledger-scripts.js';
import { linesOf } from '#src/redis/scripts/ledger-words.js';
import { ACQUIRE_SCRIPT, EXTEND_SCRIPT } from '#src/redis/scripts/lock-scripts.js';
import { wordsOfLock } from '#src/redis/scripts/lock-words.js';
import { BEAT_SCRIPT, LEAVE_SCRIPT } from '#src/redis/scripts/membership-scripts.js';
import { PRUNE_SCRIPT } from '#src/redis/scripts/prune-script.js';
import type { RedisKeys } from '#src/redis/scripts/redis-keys.js';
import type { RedisScript } from '#src/redis/scripts/redis-scripts.js';
import { RELEASE_SCRIPT } from '#src/redis/scripts/release-script.js';
import { parseStandby, wordOfStandby } from '#src/redis/scripts/standby-words.js';
import { wordsOfStandby } from './standby-steps.js';
import type { Answer, Question } from './step.js';

export const SCRIPTS: readonly RedisScript[] = [
  BID_SCRIPT,
  CLAIM_SCRIPT,
  GIVE_BACK_SCRIPT,
  PEEK_SCRIPT,
  ACQUIRE_SCRIPT,
  EXTEND_SCRIPT,
  RELEASE_SCRIPT,
  BEAT_SCRIPT,
  LEAVE_SCRIPT,
  NOTE_SCRIPT,
  RENUMBER_SCRIPT,
  CONFIRM_SCRIPT,
  STAMP_SCRIPT,
  RAISE_EPOCH_SCRIPT,
  PRUNE_SCRIPT,
  INQUIRY_SCRIPT,
];

export interface ScriptMessage {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export function toMessage(question: Question, keys: RedisKeys): ScriptMessage {
  const { ledger, members, beats, presencePrefix } = keys;
  switch (question.kind) {
    case 'claim': {
      const { position, terms } = question;
      const ids = wordsOfIds(terms.ids);
      const opening = [
        position,
        setText(terms.set),
        String(terms.deadlineMs),
        String(ids.length / 2),
        ...ids,
      ];
      const args = question.claims.flatMap(({ task, tick, claimId, maxLatenessMs }) => [
        ...[task, String(tick), claimId, String(maxLatenessMs)],
      ]);
      return { script: CLAIM_SCRIPT, keys: [ledger], args: [...opening, ...args] };
    }
    case 'bid': {
      const { instanceId, position, terms, locks, claims } = question;
      const ids = wordsOfIds(terms.ids);
      return {
        script: BID_SCRIPT,
        keys: [ledger, ...locks.map(({ task }) => keys.lock(task))],
        args: [
          ...[presencePrefix, instanceId, String(terms.deadlineMs)],
          ...[position, String(ids.length / 2), ...ids],
          ...locks.flatMap((lock, index) => wordsOfLock(BID_SCRIPT, { ...lock, claim: claims[index] })),
          setText(terms.set),
        ],
      };
    }
    case 'give back': {
      const args = question.claims.flatMap(({ task, tick, claimId }) => [task, String(tick), claimId]);
      return { script: GIVE_BACK_SCRIPT, keys: [ledger], args };
    }
    case 'peek':
      return { script: PEEK_SCRIPT, keys: [ledger], args: question.tasks };
    case 'beat':
      return {
        script: BEAT_SCRIPT,
        keys: [ledger, members, beats, ...keyOfSet(question.standby, keys)],
        args: [
          ...[presencePrefix, question.instanceId, question.position, textOfSign(question.sign)],
          ...[wordOfStandby(question.standby), ...question.tasks],
        ],
      };
    case 'leave':
      return { script: LEAVE_SCRIPT, keys: [ledger, members, beats], args: [question.instanceId] };
    case 'trace': {
      const { locks, words } = wordsOfInquiry(question.request);
      return {
        script: INQUIRY_SCRIPT,
        keys: [ledger, members, ...locks.map(keys.lock)],
        args: [presencePrefix, ...words],
      };
    }
    case 'raise epoch':
      return { script: RAISE_EPOCH_SCRIPT, keys: [ledger], args: [String(question.epoch)] };
    case 'prune': {
      const { windowMs, restMs } = question.request;
      return { script: PRUNE_SCRIPT, keys: [ledger], args: [String(windowMs), String(restMs)] };
    }
    case 'note':
    case 'renumber':
    case 'confirm':
    case 'stamp':
      return toIdentityMessage(question, keys);
    default: {
      const ids = wordsOfIds(question.meant?.ids ?? {});
      const script = { acquire: ACQUIRE_SCRIPT, extend: EXTEND_SCRIPT, release: RELEASE_SCRIPT }[
        question.kind
      ];
      return {
        script,
        keys: [ledger, ...question.locks.map(({ task }) => keys.lock(task))],
        args: [
          ...[presencePrefix, question.instanceId, String(question.deadlineMs)],
          ...[question.meant?.position ?? '', String(ids.length / 2), ...ids],
          ...question.locks.flatMap((lock) => wordsOfLock(script, lock)),
        ],
      };
    }
  }
}

function keyOfSet(question: StandbyQuestion | undefined, keys: RedisKeys): readonly string[] {
  return question === undefined ? [] : [keys.standbySet(question.digest)];
}

type IdentityQuestion = Extract<Question, { readonly kind: 'note' | 'renumber' | 'confirm' | 'stamp' }>;

function toIdentityMessage(question: IdentityQuestion, keys: RedisKeys): ScriptMessage {
  const { ledger, members, beats, presencePrefix } = keys;
  switch (question.kind) {
    case 'note': {
      const { position, id, set } = question.request;
      const args = [presencePrefix, question.position, position, id, setText(set)];
      return { script: NOTE_SCRIPT, keys: [ledger, members, beats], args };
    }
    case 'renumber':
      return {
        script: RENUMBER_SCRIPT,
        keys: [ledger],
        args: [question.position, question.id, String(question.counter)],
      };
    case 'confirm': {
      const { id, set, waitMs, notes } = question.request;
      const opening = [question.position, id, setText(set), waitMs === undefined ? '-' : String(waitMs)];
      return { script: CONFIRM_SCRIPT, keys: [ledger], args: [...opening, ...notes.flatMap(wordsOfNote)] };
    }
    case 'stamp': {
      return { script: STAMP_SCRIPT, keys: [ledger], args: wordsOfStamp(question.request) };
    }
  }
}

/** The reply behind the time. What a give-back restores shows in the stored state only. */
export function wordsOf(question: Question, words: readonly unknown[], nowMs: number): Answer {
  const texts = words.map((word) => (Array.isArray(word) ? '' : String(word)));
  switch (question.kind) {
    case 'peek':
      return linesOf(words[0]).map(tickOf);
    case 'claim':
    case 'bid':
    case 'acquire':
    case 'extend':
    case 'release':
      return [`refuses ${pairsOf(words[0])}`.trim(), ...texts.slice(1)];
    case 'note':
      return texts[0] === 'noted'
        ? [`noted ${texts[1]} ${texts[2]} ${pairsOf(words[3])} ${texts[4]} ${texts[5]}`]
        : [texts.join(' ')];
    case 'raise epoch':
      return [`${texts.slice(0, 3).join(' ')} ${setBackOf(texts[3], texts[4], nowMs)}`];
    case 'trace':
      return [texts[0] ?? '', ...words.slice(1).map(traceOf)];
    case 'prune':
      return [texts[1] === '0' ? `${texts[0]}` : texts.join(' ')];
    case 'renumber':
    case 'confirm':
    case 'stamp':
      return [texts.join(' ')];
    case 'beat': {
      const [, members, , identity, liveSets, inShort] = words as readonly (readonly unknown[])[];
      const { standby } = question;
      const [id, hasVote, since, stamp, noted, epoch, highest, floor] = identity ?? [];
      return [
        `seen ${texts[0]}`,
        // The newest beat comes first, but nobody relies on an order.
        `members ${(members ?? []).map(String).sort().join(' ')}`,
        `identity ${id} ${hasVote} ${since} [${stamp}] ${epoch} ${setBackOf(highest, floor, nowMs)} ${pairsOf(noted)}`,
        ...(liveSets ?? []).map((words) => `live ${(words as readonly unknown[]).join(' ')}`),
        ...linesOf(words[2]).map(tickOf),
        ...(standby?.kind === 'ask' ? wordsOfStandby(parseStandby(inShort, standby)) : []),
      ];
    }
    default:
      return texts;
  }
}

function traceOf(word: unknown): string {
  if (!Array.isArray(word)) return word === '' ? '-' : String(word);
  const [tick, ends, held, left] = word.map(String);
  const holder = held === '' ? 'no lock' : `${held?.slice(0, held.lastIndexOf(':'))} for ${left}`;
  return `${tickOf(tick ?? '')} above ${tick?.split(' ')[3]} [${ends}] ${holder}`;
}

/** By how much the clock was set back, as far as the newest grant and the floor prove it. */
function setBackOf(highest: unknown, floor: unknown, nowMs: number): number {
  return setBackOfMemoryMs({ highest: Number(highest), floor: Number(floor) }, nowMs);
}

/** position, id, position, id … in an order that does not depend on a hash table. */
function pairsOf(words: unknown): string {
  const list = Array.isArray(words) ? words.map(String) : [];
  const pairs = list.flatMap((word, index) => (index % 2 === 0 ? [`${word} ${list[index + 1]}`] : []));
  return pairs.sort().join(' ');
}

/** Without the previous tick, which is compared as stored state, and with the floor where it counts. */
function tickOf(text: string): string {
  const [tick = '', claimId = '', , floor = '', pruned = '0', ...mark] = text.split(' ');
  const owner = claimId.startsWith('-') ? '-' : claimId;
  return `${tick} ${owner} ${Number(floor) > Number(tick) ? floor : '-'} ${[pruned === '0' ? '-' : pruned, ...mark].join(' ')}`;
}
