/** What the messages alone cost of which an add is made: one to each master, sent and answered before the next. */

import { Redis } from 'ioredis';
import type { RedisServer } from '../../support/redis-server.js';
import { type Computing, watchComputing } from './cpu-watch.js';

/** Length of the record of an added task. */
const RECORD = 'x'.repeat(250);
const SCRIPT = "redis.call('set', KEYS[1], ARGV[1]) return 1";

export async function sendMessages(count: number, masters: readonly RedisServer[]): Promise<Computing> {
  const clients = masters.map(({ url }) => new Redis(url));
  const scripts = await Promise.all(clients.map((client) => client.script('LOAD', SCRIPT)));
  const computing = watchComputing();
  for (let index = 0; index < count; index += 1) {
    await Promise.all(
      clients.map((client, master) => client.evalsha(String(scripts[master]), 1, 'bench:messages', RECORD)),
    );
  }
  const computed = computing();
  for (const client of clients) client.disconnect();
  return computed;
}
