import { Redis } from 'ioredis';
import type { Contestant } from '../contestant.js';
import { peer } from './peers.js';

interface RunCoordinator {
  shouldRun(key: string, ttlMs: number): Promise<boolean>;
}
interface NodeCron {
  schedule(
    pattern: string,
    run: (context: { readonly date: Date }) => void,
    options: { name: string; distributed: true; runCoordinator: RunCoordinator },
  ): unknown;
}

/** As its documentation shows it: the first who sets the key of a fire runs it. */
export const NODE_CRON: Contestant = {
  async start({ redisUrls: [url = ''], namespace, tasks }, ran) {
    const { schedule } = await peer<NodeCron>('node-cron');
    const redis = new Redis(url);
    const runCoordinator: RunCoordinator = {
      shouldRun: async (key, ttlMs) =>
        (await redis.set(`${namespace}:${key}`, '1', 'PX', ttlMs, 'NX')) === 'OK',
    };
    for (let index = 0; index < tasks; index += 1)
      schedule('* * * * * *', ({ date }) => ran(index, date.getTime()), {
        name: `chore${index}`,
        distributed: true,
        runCoordinator,
      });
  },
};
