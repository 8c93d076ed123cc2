/** The rule of fences for a hash in Redis: value, largest token and its claim. One script compares and writes. */

import { createHash } from 'node:crypto';
import {
  type FenceRepeat,
  type FenceVerdict,
  requireClaimId,
  requireFenceOptions,
  requireToken,
} from '../../once/fence.js';
import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import { requireOption, whole } from '../../protocol/options/option-spec.js';

/** What is needed of an ioredis `Redis` or `Cluster` of any version; the application's own. */
export interface ScriptClient {
  evalsha(sha1: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArgs: string[]): Promise<unknown>;
}

export interface FencedSet {
  readonly key: string;
  readonly value: string;
  /** `tick.fencingToken`. */
  readonly token: number;
  /** `tick.claimId`. */
  readonly claimId: string;
  /** Whether the token that wrote last may write again. Default `allow`. */
  readonly repeat?: FenceRepeat;
  /** Of value and fence alike: after it a stale write is accepted. Default: both stay, even where an earlier write set one. */
  readonly ttlMs?: number;
}

/** A hundred years. Redis refuses what is much longer, and would do so after the value is written. */
const MAX_TTL_MS = 100 * 366 * 86_400_000;

const OPTION_NAMES: Record<keyof FencedSet, true> = {
  key: true,
  value: true,
  token: true,
  claimId: true,
  repeat: true,
  ttlMs: true,
};

/**
 * KEYS[1] hash with `value`, `fence` and `claim`. ARGV: token, value, `allow` or `refuse`, time to live in ms or 0, claim id. Answers
 * with '' when written, else with the token that has written before.
 */
const TEXT = `
local newest, claim = unpack(redis.call('HMGET', KEYS[1], 'fence', 'claim'))
local token = tonumber(ARGV[1])
local isAnother = ARGV[3] == 'refuse' or claim ~= ARGV[5]
if newest and (token < tonumber(newest) or (token == tonumber(newest) and isAnother)) then
  return newest
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'claim', ARGV[5], 'value', ARGV[2])
if ARGV[4] == '0' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return ''
`.trim();
const SHA1 = createHash('sha1').update(TEXT).digest('hex');

/**
 * Writes a value unless a larger token has written it, or an equal one of another claim. Read it with `HGET key value`.
 * Rejects with what the client rejects with: it is the application's store.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_UNKNOWN_OPTION
 */
export async function fencedSet(client: ScriptClient, write: FencedSet): Promise<FenceVerdict> {
  requireFenceOptions('fencedSet', write, OPTION_NAMES);
  const { key, value, token, claimId, repeat = 'allow', ttlMs = 0 } = write;
  requireToken(token);
  requireClaimId(claimId);
  if (typeof key !== 'string' || key === '' || typeof value !== 'string') {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      'fencedSet takes a key that is not empty and a text as value',
    );
  }
  requireOption({ of: 'fencedSet' }, 'ttlMs', ttlMs, whole(0, MAX_TTL_MS));
  const args = [key, String(token), value, repeat, String(ttlMs), claimId];
  const newest = await client.evalsha(SHA1, 1, ...args).catch((error: unknown) => {
    if (!(error as Error)?.message?.startsWith('NOSCRIPT')) throw error;
    return client.eval(TEXT, 1, ...args);
  });
  return newest === '' ? { kind: 'written' } : { kind: 'stale', newest: Number(newest) };
}
