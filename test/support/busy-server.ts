/** A server that somebody's endless script keeps busy: it logs in, and answers everything else with BUSY. */

import type { RedisServer } from './redis-server.js';
import { until } from './server-readiness.js';

/** For `startRedis`: the script counts as slow at once. */
export const BUSY_AT_ONCE = ['--busy-reply-threshold', '1'] as const;

const BUSY_WITHIN_MS = 10_000;

/** Resolves when the server is busy, with what ends the script. */
export async function makeBusy(server: RedisServer): Promise<() => Promise<void>> {
  const [client, observer] = [server.client(), server.client()];
  await Promise.all([client.ping(), observer.ping()]);
  const ended = client.eval('while true do end', 0).catch(() => {});
  const isBusy = (): Promise<boolean> =>
    observer.ping().then(
      () => false,
      (error: Error) => error.message.startsWith('BUSY'),
    );
  await until('BUSY', isBusy, BUSY_WITHIN_MS);
  return async () => {
    await observer.script('KILL');
    await ended;
  };
}
