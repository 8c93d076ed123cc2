import { writeNow, writeTogether } from '../connection/shared-write.js';
import type { StrictConnection } from '../connection/strict-connection.js';
import type { RedisScript } from './redis-scripts.js';

export interface MessageOptions {
  readonly isByHash: boolean;
  readonly waitReplicas: number;
  readonly waitMs: number;
}

/** Sends one script, and where asked waits on the same connection until replicas have what it wrote. */
export async function sendScript(
  connection: StrictConnection,
  script: RedisScript,
  keys: readonly string[],
  args: readonly string[],
  { isByHash, waitReplicas, waitMs }: MessageOptions,
): Promise<unknown> {
  const client = connection.requireConfirmed();
  const [command, text] = isByHash ? (['evalsha', script.sha1] as const) : (['eval', script.text] as const);
  const keysAndArgs = [...keys, ...args];
  if (waitReplicas === 0) {
    if (script.mayWait === true) writeTogether(client);
    const reply = client[command](text, keys.length, keysAndArgs);
    if (script.mayWait !== true) writeNow(client);
    return reply;
  }
  // A pipeline, because WAIT speaks of the writes of its own connection, and in a Cluster has no key to route by.
  const message = [command, text, keys.length, ...keysAndArgs];
  const sent = client.pipeline([message, ['wait', waitReplicas, waitMs]]).exec();
  writeNow(client);
  const replies = await sent;
  const [[error, value] = [null, undefined], [waitError, acknowledged] = [null, 0]] = replies ?? [];
  const failure = error ?? waitError;
  if (failure !== null) throw failure;
  if (Number(acknowledged) < waitReplicas) throw new MissingReplicas();
  return value;
}

/** The grant may be lost with its master: it does not count. Its owner gives it back like any vote that is out. */
class MissingReplicas extends Error {
  readonly code = 'REPLICAS_MISSING';
}
