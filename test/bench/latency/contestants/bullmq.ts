import type { Contestant } from '../contestant.js';
import { peer } from './peers.js';

interface Queue {
  upsertJobScheduler(id: string, repeat: object, template: object): Promise<unknown>;
}
interface Job {
  /** `repeat:NAME:SECOND`. */
  readonly id: string;
  readonly data: { readonly index: number };
}
interface BullMq {
  readonly Queue: new (name: string, options: object) => Queue;
  readonly Worker: new (name: string, run: (job: Job) => Promise<void>, options: object) => unknown;
}

/** A queue: whoever polls first runs the job. As many at a time as there are tasks. */
export const BULLMQ: Contestant = {
  async start({ redisUrls: [url = ''], namespace, tasks, index: mine }, ran) {
    const { Queue, Worker } = await peer<BullMq>('bullmq');
    const { hostname: host, port } = new URL(url);
    const options = { connection: { host, port: Number(port) }, prefix: namespace };
    const run = async ({ id, data }: Job): Promise<void> => ran(data.index, Number(id.split(':').at(-1)));
    new Worker('bench', run, { ...options, concurrency: tasks });
    if (mine !== 0) return;
    const queue = new Queue('bench', options);
    for (let index = 0; index < tasks; index += 1)
      await queue.upsertJobScheduler(
        `chore${index}`,
        { pattern: '* * * * * *' },
        { data: { index }, opts: { removeOnComplete: true, removeOnFail: true } },
      );
  },
};
