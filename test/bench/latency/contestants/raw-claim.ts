/**
 * The floor: nothing but one message per master that claims the next second for all tasks, sent before that second, and a timer that
 * spins its last millisecond. No lock, no membership, no audit, nothing that survives a fault.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Contestant } from '../contestant.js';

const LEAD_MS = 60;
/** A timer is up to this late, so the rest is waited for in a loop. */
const SPIN_MS = 2;

/** KEYS[1] a hash of the newest second per task; ARGV[1] the second, ARGV[2] how many tasks. Answers the tasks that are won. */
const CLAIM = `
local won = {}
for i = 0, tonumber(ARGV[2]) - 1 do
  if tonumber(redis.call('HGET', KEYS[1], i) or '0') < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], i, ARGV[1])
    won[#won + 1] = i
  end
end
return won`;

export const RAW_CLAIM: Contestant = {
  async start({ redisUrls, namespace, tasks, epochOffsetMs, instances, index }, ran) {
    const masters = redisUrls.map((url) => new Redis(url));
    const shas = await Promise.all(masters.map((master) => master.script('LOAD', CLAIM)));
    const nowMs = (): number => epochOffsetMs + Number(process.hrtime.bigint()) / 1e6;
    const second = async (tick: number): Promise<void> => {
      // One after the other, so that votes are not split.
      await sleep(Math.max(0, tick - LEAD_MS + (index * LEAD_MS) / 2 / instances - nowMs()));
      const votes = await Promise.all(
        masters.map((master, slot) => master.evalsha(String(shas[slot]), 1, `{${namespace}}`, tick, tasks)),
      );
      const counts = new Map<number, number>();
      for (const won of votes as number[][])
        for (const task of won) counts.set(task, (counts.get(task) ?? 0) + 1);
      const mine = [...counts].filter(([, count]) => count > masters.length / 2).map(([task]) => task);
      if (mine.length === 0) return;
      await sleep(Math.max(0, tick - SPIN_MS - nowMs()));
      while (nowMs() < tick);
      for (const task of mine) ran(task);
    };
    void (async () => {
      for (let tick = Math.ceil(nowMs() / 1_000) * 1_000 + 1_000; ; tick += 1_000) await second(tick);
    })();
  },
};
