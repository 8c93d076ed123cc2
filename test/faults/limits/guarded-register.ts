/** A value that several writers set: once as it comes, and once behind a fence. */

import type { Redis } from 'ioredis';

const PLAIN = 'register:plain';
const FENCED = 'register:fenced';

/** The rule of the README, token >= last seen, and the write in one step: a check before the write would race. */
const WRITE_FENCED = `
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'token') or 0) then
  return 0
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'value', ARGV[2])
return 1
`;

export interface Written {
  /** What stood in the plain value before. */
  readonly overwrote: string | null;
  readonly passedFence: boolean;
}

/** Writes the token itself as the value, so that one can read whose write stands. */
export async function writeBoth(client: Redis, token: number): Promise<Written> {
  const value = String(token);
  const overwrote = await client.set(PLAIN, value, 'GET');
  const accepted = await client.eval(WRITE_FENCED, 1, FENCED, value, value);
  return { overwrote, passedFence: accepted === 1 };
}

export async function readBoth(client: Redis): Promise<{ readonly plain: number; readonly fenced: number }> {
  return { plain: Number(await client.get(PLAIN)), fenced: Number(await client.hget(FENCED, 'value')) };
}
