/** The least that a claim can be: the newest tick per task in a hash, moved on by a script. */

import type { Redis } from 'ioredis';

/** KEYS[1] the hash; ARGV[1] the tick, then the tasks. Answers the positions of those that have this tick or a newer one. */
const CLAIM = `
local newest = redis.call('HMGET', KEYS[1], unpack(ARGV, 2))
local won, lost = {}, {}
for i = 1, #newest do
  if tonumber(newest[i] or '0') < tonumber(ARGV[1]) then
    won[#won + 1] = ARGV[i + 1]
    won[#won + 1] = ARGV[1]
  else
    lost[#lost + 1] = i - 1
  end
end
if #won > 0 then redis.call('HSET', KEYS[1], unpack(won)) end
return lost`;

/** Claims of its tasks on all masters, a newer tick each time. */
export class HashClaims {
  private tick = 0;

  private constructor(
    private readonly masters: readonly Redis[],
    private readonly key: string,
    private readonly sha: string,
    private readonly tasks: readonly string[],
  ) {}

  /** @param key of the hash. Two of these on one master need two, or the second finds its ticks taken. */
  static async of(masters: readonly Redis[], key: string, tasks: readonly string[]): Promise<HashClaims> {
    const shas = await Promise.all(masters.map((master) => master.script('LOAD', CLAIM)));
    return new HashClaims(masters, key, String(shas[0]), tasks);
  }

  /** Resolves to how many of them a majority has granted. */
  async next(): Promise<number> {
    this.tick += 1;
    const { tick, key, sha, tasks } = this;
    const answers = await Promise.all(
      this.masters.map((master) => master.evalsha(sha, 1, key, tick, ...tasks) as Promise<number[]>),
    );
    const refusals = new Map<number, number>();
    for (const task of answers.flat()) refusals.set(task, (refusals.get(task) ?? 0) + 1);
    const lost = [...refusals.values()].filter((count) => count >= this.masters.length / 2).length;
    return tasks.length - lost;
  }
}
