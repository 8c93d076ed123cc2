/** The usual recipe: `@Cron` on every instance, and a lock around the handler. */

import { Redis } from 'ioredis';
import Redlock, { ExecutionError } from 'redlock';
import type { Contestant, Entry, Ran } from '../contestant.js';
import { startCrons } from './nest-schedule.js';

/** Shorter than the second, so that the next tick finds the lock free; longer than clocks of one machine are apart. */
const TTL_MS = 900;

export const RELEASED: Contestant = { start: (entry, ran) => start(entry, ran, true) };
export const NEVER_RELEASED: Contestant = { start: (entry, ran) => start(entry, ran, false) };

async function start({ redisUrls, namespace, tasks }: Entry, ran: Ran, releases: boolean): Promise<void> {
  const redlock = new Redlock(
    redisUrls.map((url) => new Redis(url)),
    { retryCount: 0 },
  );
  // A lock that somebody else has is told as an error, once more here.
  redlock.on('error', () => undefined);
  await startCrons(tasks, ran, async (index) => {
    const lock = await redlock.acquire([`${namespace}:${index}`], TTL_MS).catch(nobody);
    if (lock === undefined) return;
    ran(index);
    if (releases) await lock.release().catch(nobody);
  });
}

function nobody(error: unknown): undefined {
  if (!(error instanceof ExecutionError)) throw error;
  return undefined;
}
