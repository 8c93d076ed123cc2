/** Questions as messages to a server, and its replies in words that can be compared. */

import {
  CLAIM_SCRIPT,
  GIVE_BACK_SCRIPT,
  PEEK_SCRIPT,
} from '../../libs/distributed-schedule/src/redis/ledger-scripts.js';
import {
  ACQUIRE_SCRIPT,
  EXTEND_SCRIPT,
  RELEASE_SCRIPT,
} from '../../libs/distributed-schedule/src/redis/lock-scripts.js';
import { BEAT_SCRIPT, LEAVE_SCRIPT } from '../../libs/distributed-schedule/src/redis/membership-scripts.js';
import type { RedisKeys } from '../../libs/distributed-schedule/src/redis/redis-keys.js';
import type { RedisScript } from '../../libs/distributed-schedule/src/redis/redis-scripts.js';
import type { Answer, Question } from './step.js';

export const SCRIPTS: readonly RedisScript[] = [
  CLAIM_SCRIPT,
  GIVE_BACK_SCRIPT,
  PEEK_SCRIPT,
  ACQUIRE_SCRIPT,
  EXTEND_SCRIPT,
  RELEASE_SCRIPT,
  BEAT_SCRIPT,
  LEAVE_SCRIPT,
];

export interface ScriptMessage {
  readonly script: RedisScript;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export function toMessage(question: Question, keys: RedisKeys): ScriptMessage {
  const { ledger, members, presencePrefix } = keys;
  switch (question.kind) {
    case 'claim': {
      const { generation, fingerprint } = question.nodeSet;
      const args = question.claims.flatMap(({ task, tick, claimId, maxLatenessMs }) => [
        ...[task, String(tick), claimId, String(maxLatenessMs)],
      ]);
      return { script: CLAIM_SCRIPT, keys: [ledger], args: [String(generation), fingerprint, ...args] };
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
        keys: [ledger, members],
        args: [presencePrefix, question.instanceId, ...question.tasks],
      };
    case 'leave':
      return { script: LEAVE_SCRIPT, keys: [ledger, members], args: [question.instanceId] };
    default:
      return {
        script: { acquire: ACQUIRE_SCRIPT, extend: EXTEND_SCRIPT, release: RELEASE_SCRIPT }[question.kind],
        keys: [ledger, ...question.locks.map(({ task }) => keys.lock(task))],
        args: [
          ...[presencePrefix, question.instanceId, String(question.deadlineMs)],
          ...question.locks.flatMap(({ value, ttlMs }) => [value, String(ttlMs)]),
        ],
      };
  }
}

/** The reply behind the time. What a give-back restores shows in the stored state only. */
export function wordsOf(question: Question, words: readonly unknown[]): Answer {
  const texts = words.map(String);
  switch (question.kind) {
    case 'peek':
      return texts.map(tickOf);
    case 'beat': {
      const [isSeen, count, ...rest] = texts;
      // The newest beat comes first, but nobody relies on an order.
      const members = rest.slice(0, Number(count)).sort();
      return [`seen ${isSeen}`, `members ${members.join(' ')}`, ...rest.slice(members.length).map(tickOf)];
    }
    default:
      return texts;
  }
}

/** Without the previous tick, which is compared as stored state, and with the floor where it counts. */
function tickOf(text: string): string {
  const [tick = '', claimId = '', , floor = ''] = text.split(' ');
  return `${tick} ${claimId} ${Number(floor) > Number(tick) ? floor : '-'}`;
}
