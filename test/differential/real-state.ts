/** Everything that a real server has stored for the namespace, in the model's terms. */

import type { Redis } from 'ioredis';
import { digestOf } from '#src/memory/memory-standby-sets.js';
import type { RedisKeys } from '#src/redis/scripts/redis-keys.js';
import type { StoredState } from './step.js';

/**
 * Reads all keys in one message. Reading also removes what has expired, so that a server that cleans up behind the scenes and one
 * that did not get round to it look alike after a clock step.
 */
export async function readState(
  client: Redis,
  keys: RedisKeys,
  tasks: readonly string[],
): Promise<StoredState> {
  const commands = [
    ['time'],
    ['hgetall', keys.ledger],
    ['pttl', keys.ledger],
    ['zrange', keys.members, '0', '-1', 'withscores'],
    ['pttl', keys.members],
    ['hgetall', keys.beats],
    ['pttl', keys.beats],
    ...tasks.flatMap((task) => [
      ['get', keys.lock(task)],
      ['pttl', keys.lock(task)],
    ]),
    // Whether it is there is asked of each, since only that removes what has expired.
    ['exists', ...setsOf(tasks).map((some) => keys.standbySet(digestOf(some)))],
    ['keys', keys.standbySet('*')],
    ['dbsize'],
  ];
  const replies = (await client.pipeline(commands).exec()) ?? [];
  const values = replies.map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  const [time, ledger, ledgerTtlMs, members, membersTtlMs, signs, signsTtlMs, ...rest] = values;
  const nowMs = toMs(time);
  const state = new Map<string, string>();
  for (const [field, value] of Object.entries(ledger as Record<string, string>)) {
    state.set(field, field === 'incarnation' ? 'set' : value);
  }
  if (Number(ledgerTtlMs) >= 0) state.set('ledger ends', String(nowMs + Number(ledgerTtlMs)));
  const scores = members as readonly string[];
  for (let i = 0; i < scores.length; i += 2) state.set(`member ${scores[i]}`, String(Number(scores[i + 1])));
  if (scores.length > 0) state.set('members end', String(nowMs + Number(membersTtlMs)));
  const signTexts = Object.entries(signs as Record<string, string>);
  for (const [id, text] of signTexts) state.set(`sign ${id}`, text);
  if (signTexts.length > 0) state.set('signs end', String(nowMs + Number(signsTtlMs)));
  let keyCount = [Number(ledgerTtlMs) !== -2, scores.length > 0, signTexts.length > 0].filter(Boolean).length;
  for (const [i, task] of tasks.entries()) {
    const [value, ttlMs] = [rest[2 * i], rest[2 * i + 1]];
    if (typeof value !== 'string') continue;
    keyCount += 1;
    state.set(`lock ${task}`, value).set(`lock ${task} ends`, String(nowMs + Number(ttlMs)));
  }
  const sets = rest.at(-2) as readonly string[];
  for (const key of sets) {
    const [digest, endsMs] = [key.slice(-DIGITS), nowMs + (await client.pttl(key))];
    state
      .set(`set ${digest}`, String(await client.hget(key, 'count')))
      .set(`set ${digest} ends`, String(endsMs));
  }
  keyCount += sets.length;
  if (rest.at(-1) !== keyCount) state.set('keys that nobody knows', String(Number(rest.at(-1)) - keyCount));
  return state;
}

/** Every list of some of them, in their order. */
function setsOf(tasks: readonly string[]): readonly (readonly string[])[] {
  return tasks.flatMap((task, index) => [
    [task],
    ...setsOf(tasks.slice(index + 1)).map((some) => [task, ...some]),
  ]);
}

/** Of a SHA-1, with which the key of a standby set ends. */
const DIGITS = 40;

function toMs(time: unknown): number {
  const [seconds, microseconds] = time as readonly [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
